"""The grammar of recipes as a JSON Schema, so that an editor completes and checks them."""

from .. import registry
from ..registry import Component, Parameter
from .schema_rules import Schema, conditions, fitting, plain
from .validate import ROOT, names

_TYPES = {"int": "integer", "float": "number", "bool": "boolean"}
_TYPES |= dict.fromkeys(("str", "path", "encoding"), "string")


def schema() -> Schema:
    """Return the JSON Schema (draft 2020-12) of recipes, installed plugins included.

    A recipe that stands alone must be complete; one with `extends` may leave out anything, and may
    take a parent's value away with null. So each slot has two definitions, complete and partial.
    """
    definitions = {}
    for slot in _slots():
        for complete in (True, False):
            definitions[_key(slot, complete)] = _slot(slot, complete)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "keras-transformers recipe",
        "type": "object",
        "if": {"required": ["extends"]},
        "then": _root(complete=False),
        "else": _root(complete=True),
        "allOf": conditions(registry.describe(*ROOT), presence=False),
        "$defs": definitions,
    }


def _root(complete: bool) -> Schema:
    component = _component(registry.describe(*ROOT), ROOT[1], complete)
    if complete:
        component["allOf"] = conditions(registry.describe(*ROOT), presence=True)
    else:
        extends = {"type": "string", "description": "Name or relative path of the parent recipe."}
        component["properties"]["extends"] = extends
    return component


def _slots() -> list[str]:
    """Return the slots other than `section`: those that are filled, and those that are named."""
    found = set(registry.slots())
    for slot in tuple(found):
        for name in names(slot):
            for parameter in registry.describe(slot, name).parameters.values():
                found.update(entry.slot for entry in (parameter, parameter.items) if entry and entry.slot)
    return sorted(found - {ROOT[0]})


def _key(slot: str, complete: bool) -> str:
    return slot if complete else f"{slot}.partial"


def _slot(slot: str, complete: bool) -> Schema:
    """Return the definition of a slot: a component's name, or a map of one of the components."""
    existing = names(slot)
    maps = [_component(registry.describe(slot, name), None, complete) for name in existing]
    return {"anyOf": [{"enum": existing}, *maps]}


def _component(component: Component, default_type: str | None, complete: bool) -> Schema:
    """Return the schema of a component's map.

    Args:
        component: A registry `Component`.
        default_type: Where the map stands, the component that a map without `type` means.
        complete: Whether required parameters must be there.
    """
    properties = {"type": {"const": component.name}}
    properties |= {name: _parameter(component, parameter, complete) for name, parameter in component.parameters.items()}
    required = [] if default_type == component.name else ["type"]
    for name, parameter in component.parameters.items():
        if parameter.required and not (parameter.nullable and parameter.type == "slot"):
            required.append(name)
    result = {
        "type": "object",
        "title": f"{component.slot}/{component.name}",
        "description": component.summary,
        "properties": properties,
        "additionalProperties": False,
    }
    if complete and required:
        result["required"] = required
    return result


def _parameter(component: Component, parameter: Parameter, complete: bool) -> Schema:
    """Return the schema of the value of one parameter of a component."""
    result = _value(component, parameter, complete)
    if parameter.nullable or not complete or not parameter.required:
        result = {"anyOf": [result, {"type": "null"}]}
    if parameter.doc:
        result["description"] = parameter.doc
    if not parameter.required and parameter.default is not None:
        result["default"] = parameter.default
    return result


def _value(component: Component, parameter: Parameter, complete: bool) -> Schema:
    if parameter.slot is not None:
        value = _slot_value(parameter.slot, parameter.default_type, complete)
        value = {"anyOf": [{"enum": list(parameter.choices)}, value]} if parameter.choices else value
        return {**value, **fitting(parameter, component)}
    if parameter.choices is not None:
        return {"enum": list(parameter.choices)}
    if parameter.type == "list":
        items = {} if parameter.items is None else _value(component, parameter.items, True)
        return {"type": "array", "items": items}
    if parameter.type == "map":
        return {"type": "object"}
    if parameter.type == "any":
        return {}
    result = {"type": _TYPES[parameter.type]}
    bounds = {
        "minimum": parameter.minimum,
        "maximum": parameter.maximum,
        "exclusiveMinimum": parameter.above,
        "exclusiveMaximum": parameter.below,
    }
    return result | {key: bound for key, bound in bounds.items() if bound is not None} | plain(parameter)


def _slot_value(slot: str, default: str | None, complete: bool) -> Schema:
    """Return the schema of a slot; its default component may also be a map without `type`."""
    reference = {"$ref": f"#/$defs/{_key(slot, complete)}"}
    if default is None or default not in names(slot):
        return reference
    untyped = _component(registry.describe(slot, default), default, complete)
    if slot == "section":
        return untyped
    return {"anyOf": [reference, untyped]}
