"""Checks cross-component rules: the constraints, needs and facts that components declare (signature.py).

No component's name stands here. The resolved tree may lack values that are wrong in themselves, so a
constraint speaks only where everything that it compares is there.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from .. import registry
from ..registry.unsaid import NEAREST
from ..signature import (
    Absent,
    AtLeast,
    AtMost,
    Comparison,
    Constraint,
    Divides,
    Fits,
    Has,
    MultipleOf,
    Need,
    OneOf,
    Present,
)
from .document import found
from .parts import MISSING, Part, Parts
from .problem import KeyPath
from .validate import a, expected, names, owner

Broken = tuple[KeyPath, str]


def check_rules(tree: Any) -> list[Broken]:
    """Return a list of (key path as a tuple, message) for every rule that the tree breaks."""
    parts = Parts(tree)
    broken = dict.fromkeys(_missing(parts))
    absent = {path for path, _ in broken}
    broken.update(dict.fromkeys(_not_given(parts, absent)))
    for part in parts:
        broken.update(dict.fromkeys(_lacking(parts, part)))
        for path, constraint, need in _constraints(part):
            if parts.applies(constraint, part):
                broken.update(dict.fromkeys(_check(parts, part, path, constraint, need)))
    return list(broken)


def _constraints(part: Part) -> Iterator[tuple[KeyPath, Constraint, Need | None]]:
    """Yield each constraint that a component brings: the path of what it is about, itself, and the need it is of."""
    for name, parameter in part.component.parameters.items():
        path = (*part.path, name)
        yield from ((path, constraint, None) for constraint in parameter.constraints)
        items = part.spec.get(name)
        if parameter.items is not None and isinstance(items, list):
            for index in range(len(items)):
                yield from (((*path, index), constraint, None) for constraint in parameter.items.constraints)
    for need in part.component.needs:
        yield tuple(need.path.split(".")), need.constraint, need


def _missing(parts: Parts) -> Iterator[Broken]:
    """Yield what must be there and is null."""
    said = set()
    for part in parts:
        for path, constraint, _ in _constraints(part):
            if not isinstance(constraint, Present) or path in said or parts.at(path) is not None:
                continue
            if parts.applies(constraint, part):
                said.add(path)
                who = owner(part.component) + _condition(parts, part, constraint, by_value=False)
                holder = parts.by_path.get(path[:-1])
                parameter = holder and holder.component.parameters.get(str(path[-1]))
                yield path, f"missing; {who} needs {expected(parameter) if parameter else 'it'}."


def _not_given(parts: Parts, absent: set[KeyPath]) -> Iterator[Broken]:
    """Yield what takes another value by default, where that is not there either; of a chain, its end."""
    for part in parts:
        for name, parameter in part.component.parameters.items():
            path, given = (*part.path, name), parameter.given
            while given and parts.at(path) is None:
                source = tuple(NEAREST.get(given, given).split("."))
                if parts.at(source) is MISSING:
                    if parts.at(source[:-1]) is None and source[:-1] not in absent:
                        default, holder = ".".join(source), source[-2]
                        yield path, f"missing; by default it is `{default}`, but there is no `{holder}`: give either."
                    break
                around = parts.by_path.get(source[:-1])
                if source == path or around is None:
                    break
                path, given = source, around.component.parameters[source[-1]].given


def _check(parts: Parts, part: Part, path: KeyPath, constraint: Constraint, need: Need | None) -> Iterator[Broken]:
    if isinstance(constraint, Fits):
        subject = parts.by_path.get(path)
        if subject is not None:
            yield from ((path, message) for message in _fits(parts, part, subject, constraint))
    elif isinstance(constraint, Comparison):
        yield from _compare(parts, part, path, constraint, need)
    elif isinstance(constraint, OneOf) and isinstance(parts.at(path), str) and parts.at(path) not in constraint.values:
        who, found_there = owner(part.component) + _condition(parts, part, constraint), parts.at(path)
        yield path, f"`{path[-1]}` must be {' or '.join(constraint.values)} for {who}, but is {found_there}."
    elif isinstance(constraint, Absent) and parts.at(path) not in (None, MISSING):
        who = owner(part.component) + _condition(parts, part, constraint)
        yield path, f"`{path[-1]}` must be null for {who}, but is {_shown(parts, path)}."


def _compare(parts: Parts, part: Part, path: KeyPath, constraint: Comparison, need: Need | None) -> Iterator[Broken]:
    value, other = parts.at(path), parts.value(constraint.other, part)
    if not (_is_number(value) and _is_number(other)) or _holds(constraint, value, other):
        return
    shown = _other(constraint.other, other, part, need)
    who = f" for {owner(part.component)}" if need else ""
    when = _condition(parts, part, constraint)
    if when and not need:
        when = when.replace(" with ", " for ", 1)
    yield path, f"`{path[-1]}` must {_phrase(constraint, shown)}{who}{when}, but is {found(value)}."


def _holds(constraint: Comparison, value: float, other: float) -> bool:
    if isinstance(constraint, Divides):
        return value != 0 and other % value == 0
    if isinstance(constraint, MultipleOf):
        return value % other == 0
    if isinstance(constraint, AtLeast):
        return value >= constraint.times * other + constraint.plus
    if isinstance(constraint, AtMost):
        return value <= other
    return value == other


def _phrase(constraint: Comparison, other: str) -> str:
    """Return what the value must be, in words."""
    if isinstance(constraint, Divides):
        return f"divide {other}"
    if isinstance(constraint, MultipleOf):
        return "be even" if other == "2" else f"be a multiple of {other}"
    if isinstance(constraint, AtLeast):
        more = f"{constraint.plus} more than " if constraint.plus else ""
        times = {1: "", 2: "twice "}.get(constraint.times, f"{constraint.times} times ")
        return f"be at least {more}{times}{other}"
    if isinstance(constraint, AtMost):
        return f"be at most {other}"
    return f"be {other}"


def _other(reference: float | str, value: Any, part: Part, need: Need | None) -> str:
    """Return the other value as messages show it: by its name or path, with the value itself."""
    if not isinstance(reference, str):
        return str(reference)
    if need and "." not in reference:
        reference = ".".join(str(key) for key in (*part.path, reference))
    return f"`{reference}` ({found(value)})"


def _lacking(parts: Parts, part: Part) -> Iterator[Broken]:
    """Yield the components that have not all that `part` needs of them."""
    wanted: dict[KeyPath, list[Has]] = {}
    for path, constraint, _ in _constraints(part):
        if isinstance(constraint, Has) and parts.applies(constraint, part):
            wanted.setdefault(path, []).append(constraint)
    for path, every in wanted.items():
        subject = parts.by_path.get(path)
        lacking = [constraint for constraint in every if subject is not None and not has(subject.component, constraint)]
        if subject is None or not lacking:
            continue
        slot = subject.component.slot
        fitting = [part.name for part in described(slot) if all(_is_known_to_have(part, need) for need in every)]
        way_out = f": choose {_choice(fitting)}." if fitting else "."
        who = owner(part.component) + _condition(parts, part, lacking[0])
        what = " and ".join(f"{constraint.fact} {_words(constraint.values)}" for constraint in lacking)
        yield path, f"{who} needs {a(slot)} that {what}, which {subject.component.title} does not{way_out}"


def has(component: registry.Component, constraint: Has) -> bool:
    """Tell whether a component has a fact, or may have it, as none is known."""
    known = component.facts.get(constraint.fact)
    return known is None or set(constraint.values) <= set(known)


def _is_known_to_have(component: registry.Component, constraint: Has) -> bool:
    return constraint.fact in component.facts and has(component, constraint)


def _fits(parts: Parts, part: Part, subject: Part, constraint: Fits) -> Iterator[str]:
    other: Part | None = part
    fact = constraint.to
    if "." in constraint.to:
        *path, fact = constraint.to.split(".")
        other = parts.by_path.get(tuple(path))
    if other is None:
        return
    ours, theirs = subject.component.facts.get(constraint.fact), other.component.facts.get(fact)
    if ours is None or theirs is None or set(ours) & set(theirs):
        return
    ways = []
    for slot, name, words in ((subject.component.slot, constraint.fact, theirs), (other.component.slot, fact, ours)):
        fitting = [component.name for component in described(slot) if set(component.facts.get(name, ())) & set(words)]
        if fitting:
            ways.append(f"{a(slot)} that {name} {_words(words)} ({', '.join(fitting)})")
    way_out = f": choose {', or '.join(ways)}." if ways else "."
    yield (
        f"{subject.component.title} {constraint.fact} {_words(ours)}, but {owner(other.component)} {fact} "
        f"{_words(theirs)}{way_out}"
    )


def described(slot: str) -> list[registry.Component]:
    """Return all components of a slot."""
    return [registry.describe(slot, name) for name in names(slot)]


def _choice(fitting: list[str]) -> str:
    return f"`{fitting[0]}`" if len(fitting) == 1 else f"one of {', '.join(fitting)}"


def _words(words: Iterable[str]) -> str:
    return " and ".join(f"`{word}`" for word in words) or "nothing"


def _condition(parts: Parts, part: Part, constraint: Constraint, by_value: bool = True) -> str:
    """Return the condition under which a constraint applies, as " with `pair: true`", or ""."""
    if constraint.when is None:
        return ""
    name = constraint.when.partition("=")[0]
    value = parts.value(name, part)
    value = value.get("type") if isinstance(value, dict) else value
    plain = value if isinstance(value, str) else found(value)
    return f" with `{name}: {plain}`" if by_value else f" with `{name}`"


def _shown(parts: Parts, path: KeyPath) -> str:
    """Return a value as messages show it; a component by its title."""
    component = parts.by_path.get(path)
    return component.component.title if component else found(parts.at(path))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
