"""From specs to objects: the only place where the registry meets the classes."""

from .lookup import describe, resolve

INHERITED = ("dim", "vocab_size")
"""A parameter of one of these names that a recipe leaves empty takes the model's value."""


def assemble(slot, spec, **given):
    """Return the component that `spec` describes, its own components assembled first.

    Args:
        slot: The slot that the component fills.
        spec: A map with `type` and parameters, from `Recipe.tree`; None gives None.
        given: Values for parameters of these names that the recipe leaves empty, at any depth.
    """
    if spec is None:
        return None
    parameters = describe(slot, spec["type"]).parameters
    given = {**given, **{name: spec[name] for name in INHERITED if spec.get(name) is not None}}
    arguments = {}
    for name, parameter in parameters.items():
        value = spec.get(name, parameter.default)
        if value is None and name in given:
            value = given[name]
        arguments[name] = _argument(parameter, value, given)
    return resolve(slot, spec["type"])(**arguments)


def _argument(parameter, value, given):
    if parameter.slot and isinstance(value, dict):
        return assemble(parameter.slot, value, **given)
    if parameter.items is not None and parameter.items.slot and value is not None:
        return [assemble(parameter.items.slot, item, **given) for item in value]
    return value
