"""From specs to objects: the only place where the registry meets the classes."""

import sys
import traceback
from pathlib import Path

from ..errors import KerasTransformersError, Problem, RecipeError, first_line
from .lookup import describe, resolve

INHERITED = ("dim", "vocab_size")
"""A parameter of one of these names that a recipe leaves empty takes the model's value."""


def assemble(slot, spec, at=None, **given):
    """Return the component that `spec` describes, its own components assembled first.

    Args:
        slot: The slot that the component fills.
        spec: A map with `type` and parameters, from `Recipe.tree`; None gives None.
        at: Where the spec stands in the recipe, for messages, such as `data.train`; by default the slot's name, or
            that of the section.
        given: Values for parameters of these names that the recipe leaves empty, at any depth.

    Raises:
        RecipeError: A component does not take its arguments: whatever its constructor raised, as a sentence.
    """
    if spec is None:
        return None
    at = at or (spec["type"] if slot == "section" else slot)
    parameters = describe(slot, spec["type"]).parameters
    given = {**given, **{name: spec[name] for name in INHERITED if spec.get(name) is not None}}
    arguments = {}
    for name, parameter in parameters.items():
        value = spec.get(name, parameter.default)
        if value is None and name in given:
            value = given[name]
        arguments[name] = _argument(parameter, value, f"{at}.{name}", given)
    return _made(resolve(slot, spec["type"]), arguments, f"{slot}/{spec['type']}", at)


def _argument(parameter, value, at, given):
    if parameter.slot and isinstance(value, dict):
        return assemble(parameter.slot, value, at, **given)
    if parameter.items is not None and parameter.items.slot and value is not None:
        return [assemble(parameter.items.slot, item, f"{at}.{index}", **given) for index, item in enumerate(value)]
    return value


def _made(component, arguments, name, at):
    try:
        return component(**arguments)
    except (KerasTransformersError, MemoryError):
        raise
    except Exception as error:
        if type(error).__name__ == "ResourceExhaustedError":  # TensorFlow's: memory is short, nothing is wrong
            raise
        said, kind = first_line(error).rstrip("."), type(error).__name__
        what = said if isinstance(error, ValueError) or said == kind else f"{kind}: {said}"
        raise RecipeError(Problem(f"`{name}` cannot be made: {what}{_line(component, error)}.", at)) from error


def _line(component, error):
    """Return the file and line of a component that failed, such as " (my_layers.py, line 7)"; of ours nothing."""
    module = getattr(component, "__module__", "")
    file = getattr(sys.modules.get(module), "__file__", None)
    lines = [call.lineno for call in traceback.extract_tb(error.__traceback__) if call.filename == file]
    return "" if module.startswith("keras_transformers.") or not lines else f" ({Path(file).name}, line {lines[-1]})"
