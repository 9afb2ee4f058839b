"""Cross-component rules in JSON Schema, as far as it can express them: no comparison of two values.

Each rule is an `if` with its `then`, at the root of the schema. They speak of components at fixed places: the slots of
the root and of its sections, and those one level beneath.
"""

from collections.abc import Iterator
from typing import Any

from .. import registry
from ..registry import Component, Parameter
from ..signature import Absent, AtLeast, AtMost, Constraint, Exactly, Fits, Has, MultipleOf, OneOf, Present
from .rules import described, has

Schema = dict[str, Any]
Path = tuple[str, ...]
SET: Schema = {"not": {"enum": [None, False]}}


def conditions(root: Component, presence: bool) -> list[Schema]:
    """Return the rules between components as schemas, for `allOf` at the root.

    Args:
        root: The component that a whole recipe is.
        presence: Return those that say what must be there, and only those: they hold for a recipe without parents.
    """
    places = dict(_places(root, (), depth=2))
    found: list[Schema] = []
    for path, slot in places.items():
        for component in described(slot) if path else [root]:
            for about, constraint in _constraints(component, path):
                if isinstance(constraint, Present) == presence:
                    found += _rules(places, path, component, about, constraint)
    return found


def number(constraint: Constraint) -> Schema | None:
    """Return the schema of a number that a constraint allows, if that depends on nothing else."""
    if not isinstance(constraint, (AtLeast, AtMost, Exactly, MultipleOf)) or isinstance(constraint.other, str):
        return None
    if isinstance(constraint, AtLeast):
        return {"minimum": constraint.times * constraint.other + constraint.plus}
    if isinstance(constraint, AtMost):
        return {"maximum": constraint.other}
    if isinstance(constraint, MultipleOf):
        return {"multipleOf": constraint.other}
    return {"enum": [constraint.other, None]}


def plain(parameter: Parameter) -> Schema:
    """Return what a parameter's unconditional constraints say of its value by itself."""
    found: Schema = {}
    for constraint in parameter.constraints:
        if constraint.when is None and constraint.unless is None:
            found.update(number(constraint) or {})
    return found


def fitting(parameter: Parameter, component: Component) -> Schema:
    """Return what the slot parameter of a component may hold, by the facts of that component itself."""
    kept: Schema = {}
    for constraint in parameter.constraints:
        if isinstance(constraint, Fits) and "." not in constraint.to and parameter.slot:
            kept.update(_none_of(_unfit(parameter.slot, constraint, component.facts.get(constraint.to))))
    return kept


def _places(component: Component, path: Path, depth: int) -> Iterator[tuple[Path, str]]:
    """Yield path and slot of the components at fixed places, the root first."""
    if not path:
        yield path, component.slot
    for name, parameter in component.parameters.items():
        if parameter.slot and depth:
            yield (*path, name), parameter.slot
            one = parameter.slot in ("section", component.slot)
            kinds = [parameter.default_type] if one else registry.names(parameter.slot)
            for kind in filter(None, kinds):
                yield from _places(registry.describe(parameter.slot, kind), (*path, name), depth - 1)


def _constraints(component: Component, path: Path) -> Iterator[tuple[Path, Constraint]]:
    """Yield what a component's constraints are about, from the root, and the constraints."""
    for name, parameter in component.parameters.items():
        yield from (((*path, name), constraint) for constraint in parameter.constraints)
    for need in component.needs:
        yield tuple(need.path.split(".")), need.constraint


def _rules(
    places: dict[Path, str], path: Path, component: Component, about: Path, constraint: Constraint
) -> Iterator[Schema]:
    here = [_at(path, _is(component.name))] if path and places[path] != "section" else []
    for condition, wanted in ((constraint.when, True), (constraint.unless, False)):
        if condition is not None:
            name, equals, value = condition.partition("=")
            target = tuple(name.split(".")) if "." in name else (*path, name)
            met = _at(target, {"anyOf": [_is(value), {"enum": _spelled(value)}]} if equals else SET)
            here.append(met if wanted else {"not": met})
    if isinstance(constraint, Has) and about in places:
        unfit = [component.name for component in described(places[about]) if not has(component, constraint)]
        yield from _implies(here, about, _none_of(unfit))
    elif isinstance(constraint, Fits) and "." in constraint.to and about in places:
        *other, fact = constraint.to.split(".")
        for component in described(places.get(tuple(other), "")):
            unfit = _unfit(places[about], constraint, component.facts.get(fact))
            yield from _implies([*here, _at(tuple(other), _is(component.name))], about, _none_of(unfit))
    elif isinstance(constraint, Present):
        yield {"if": {"allOf": here}, "then": _at(about, {"not": {"type": "null"}})}
    elif isinstance(constraint, Absent):
        yield from _implies(here, about, {"type": "null"})
    elif isinstance(constraint, OneOf):
        yield from _implies(here, about, {"enum": [*constraint.values, None]})
    elif here:
        yield from _implies(here, about, number(constraint))


def _implies(met: list[Schema], about: Path, then: Schema | None) -> Iterator[Schema]:
    if then:
        yield {"if": {"allOf": met}, "then": _at(about, then, required=False)}


def _at(path: Path, schema: Schema, required: bool = True) -> Schema:
    """Return the schema that is met where the value at `path` meets `schema`; if not required, also where it is not."""
    for key in reversed(path):
        schema = {"properties": {key: schema}, **({"type": "object", "required": [key]} if required else {})}
    return schema


def _is(name: str) -> Schema:
    """Return the schema of a component of that name, bare or as a map."""
    return {"anyOf": [{"const": name}, _at(("type",), {"const": name})]}


def _none_of(names: list[str]) -> Schema:
    return {"not": {"anyOf": [{"enum": names}, _at(("type",), {"enum": names})]}} if names else {}


def _unfit(slot: str, constraint: Fits, facts: tuple[str, ...] | None) -> list[str]:
    if facts is None:
        return []
    known = ((component.name, component.facts.get(constraint.fact)) for component in described(slot))
    return [name for name, words in known if words is not None and not set(words) & set(facts)]


def _spelled(value: str) -> list[Any]:
    """Return the values that are written so."""
    return [value, *([value == "true"] if value in ("true", "false") else [])]
