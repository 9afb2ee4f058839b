"""Constraints, needs and facts as the plain data that manifests hold.

    constraints: [{divides: model.dim, unless: head_dim}]
    needs: [{path: tokenizer, has: gives, values: [cls]}, {path: model.segments, at_least: 2, when: pair}]
    facts: {reads: [labelled], gives: [labels]}

The first key of a constraint is its kind, with the constraint's own first argument; the others have their names.
"""

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

from ..errors import RegistryError, did_you_mean
from ..signature import (
    Absent,
    AtLeast,
    AtMost,
    Constraint,
    Divides,
    Exactly,
    Fits,
    Has,
    MultipleOf,
    Need,
    OneOf,
    Present,
)

KINDS: dict[str, type[Constraint]] = {
    "divides": Divides,
    "multiple_of": MultipleOf,
    "at_least": AtLeast,
    "at_most": AtMost,
    "exactly": Exactly,
    "one_of": OneOf,
    "present": Present,
    "absent": Absent,
    "has": Has,
    "fits": Fits,
}
NAMES = {kind: name for name, kind in KINDS.items()}
FACTS = ("reads", "gives", "scores")
"""Class attributes that are facts, besides what is in the attribute `facts`."""

PLAIN = ("builtins", "abc", "typing")
Facts = dict[str, tuple[str, ...]]


def entry_of(constraint: Constraint) -> dict[str, Any]:
    """Return the plain map of a constraint."""
    first, *others = _fields(type(constraint))
    entry = {NAMES[type(constraint)]: True if first is None else _plain(getattr(constraint, first.name))}
    for field in others:
        value = getattr(constraint, field.name)
        if value != field.default:
            entry[field.name] = _plain(value)
    return entry


def constraint_from(entry: Any, where: str) -> Constraint:
    """Read the plain map of a constraint.

    Raises:
        RegistryError: It is not what a manifest holds; the sentence begins with `where`.
    """
    if not isinstance(entry, dict):
        raise RegistryError(f"{where}: a constraint must be a map, but is {entry!r}.")
    kinds = [key for key in entry if key in KINDS]
    if len(kinds) != 1:
        near = did_you_mean(next(iter(entry), ""), KINDS)
        raise RegistryError(f"{where}: a constraint must have one of {', '.join(KINDS)}, but is {entry!r}.{near}")
    kind = KINDS[kinds[0]]
    first, *others = _fields(kind)
    arguments = {} if first is None else {first.name: entry[kinds[0]]}
    for key, value in entry.items():
        if key == kinds[0]:
            continue
        if key not in (field.name for field in others):
            raise RegistryError(f"{where}: `{key}` is not a key of the constraint `{kinds[0]}`.")
        arguments[key] = value
    return _checked(kind, arguments, where)


def need_entry(need: Need) -> dict[str, Any]:
    """Return the plain map of a need."""
    return {"path": need.path, **entry_of(need.constraint)}


def need_from(entry: Any, where: str) -> Need:
    """Read the plain map of a need.

    Raises:
        RegistryError: It is not what a manifest holds.
    """
    if not (isinstance(entry, dict) and isinstance(entry.get("path"), str)):
        raise RegistryError(f"{where}: a need must be a map with a `path`, but is {entry!r}.")
    rest = {key: value for key, value in entry.items() if key != "path"}
    return Need(entry["path"], constraint_from(rest, where))


def facts_from(entry: Any, where: str) -> Facts:
    """Read the plain map of facts: each value a word or a list of words.

    Raises:
        RegistryError: It is not what a manifest holds.
    """
    if not isinstance(entry, dict):
        raise RegistryError(f"{where}: `facts` must be a map, but is {entry!r}.")
    facts = {}
    for name, value in entry.items():
        words = _words(value)
        if words is None:
            raise RegistryError(f"{where}: the fact `{name}` must be a word or a list of words, but is {value!r}.")
        facts[str(name)] = words
    return facts


def facts_of(found: Any) -> Facts:
    """Return the facts that a class or function says of itself.

    A value is a word, a class, which stands for its name in lower case, or a tuple of such; an attribute of any
    other kind, such as a method called `scores`, is no fact.
    """
    facts = {}
    for name in FACTS:
        words = _words(_with_bases(getattr(found, name, None)) if name == "gives" else getattr(found, name, None))
        if words is not None:
            facts[name] = words
    for owner in reversed(getattr(found, "__mro__", (found,))):
        more = vars(owner).get("facts")
        if isinstance(more, Mapping):
            facts.update(facts_from(dict(more), f"`{found.__qualname__}`"))
    return facts


def needs_of(found: Any) -> tuple[Need, ...]:
    """Return the needs that a class or function says of itself."""
    needs = getattr(found, "needs", ())
    if isinstance(needs, (tuple, list)) and all(isinstance(need, Need) for need in needs):
        return tuple(needs)
    return ()


def _fields(kind: type[Constraint]) -> list[Any]:
    """Return the fields of a constraint, its own first one first, or None where it has none of its own."""
    shared = [field.name for field in dataclasses.fields(Constraint)]
    fields = dataclasses.fields(kind)
    own = [field for field in fields if field.name not in shared]
    first: list[Any] = [*own] or [None]
    return [*first, *(field for field in fields if field.name in shared)]


def _checked(kind: type[Constraint], arguments: dict[str, Any], where: str) -> Constraint:
    for name, value in arguments.items():
        if kind in (Has, OneOf) and name == "values":
            arguments[name] = _words(value) or ()
        elif not isinstance(value, str) and (isinstance(value, bool) or not isinstance(value, (int, float))):
            raise RegistryError(f"{where}: `{name}` must be a number, a name or a path, but is {value!r}.")
    try:
        return kind(**arguments)
    except TypeError as error:
        raise RegistryError(f"{where}: {error}.") from None


def _with_bases(value: Any) -> Any:
    """Return classes with their bases, as what is of a class is of its bases, too; other values as they are."""
    if not isinstance(value, (type, tuple, list)):
        return value
    found: list[Any] = []
    for fact in [value] if isinstance(value, type) else value:
        found += [base for base in fact.__mro__ if base.__module__ not in PLAIN] if isinstance(fact, type) else [fact]
    return tuple(dict.fromkeys(found)) if all(isinstance(fact, (str, type)) for fact in found) else None


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _words(value: Any) -> tuple[str, ...] | None:
    """Return a value as words, or None if it is not made of words and classes."""
    if isinstance(value, (str, type)):
        value = (value,)
    if not isinstance(value, (tuple, list)):
        return None
    words = tuple(_snake(word.__name__) if isinstance(word, type) else word for word in value)
    return words if all(isinstance(word, str) for word in words) else None


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
