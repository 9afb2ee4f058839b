"""Instantiates components from their specs: the only place where the registry meets classes."""

import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import KerasTransformersError, Problem, RecipeError, first_line
from .component import Parameter
from .lookup import describe, resolve
from .unsaid import NEAREST

Spec = Mapping[str, Any]
Values = Mapping[str, Any]


def assemble(slot: str, spec: Spec | None, given: Values | None = None, *, at: str | None = None) -> Any:
    """Return the component that `spec` describes, its own components assembled first.

    Args:
        slot: The slot that the component fills.
        spec: A map with `type` and parameters, from `Recipe.tree`; None gives None.
        given: Values by their path, such as `model.dim`, for parameters which say that they take them where a recipe
            leaves them empty; see `values`. Those of `spec` itself are added.
        at: Where the spec stands in the recipe, such as `data.train`; by default the slot's name, or that of the
            section.

    Raises:
        RecipeError: A component does not take its arguments: whatever its constructor raised, as a sentence.
    """
    if spec is None:
        return None
    given = dict(given or {})
    given.update({name: given[path] for name, path in NEAREST.items() if path in given})
    return _assemble(slot, spec, at or (spec["type"] if slot == "section" else slot), given)


def values(tree: Spec) -> dict[str, Any]:
    """Return what `assemble` may be given of a recipe: every value that is not null, by its path."""
    found: dict[str, Any] = {}

    def walk(node: Spec, path: str) -> None:
        for key, value in node.items():
            if isinstance(value, Mapping):
                walk(value, f"{path}{key}.")
            elif value is not None:
                found[f"{path}{key}"] = value

    walk(tree, "")
    return found


def _assemble(slot: str, spec: Spec, at: str, given: dict[str, Any]) -> Any:
    parameters = describe(slot, spec["type"]).parameters
    arguments = {name: spec.get(name, parameter.default) for name, parameter in parameters.items()}
    own = {}
    for name, parameter in parameters.items():
        if arguments[name] is None and parameter.given in given:
            arguments[name] = given[parameter.given]
        if arguments[name] is not None:
            own[f"{at}.{name}"] = own[name] = arguments[name]
    given = {**given, **own}
    arguments = {
        name: _argument(parameter, arguments[name], f"{at}.{name}", given) for name, parameter in parameters.items()
    }
    return _made(resolve(slot, spec["type"]), arguments, f"{slot}/{spec['type']}", at)


def _argument(parameter: Parameter, value: Any, at: str, given: dict[str, Any]) -> Any:
    if parameter.slot and isinstance(value, Mapping):
        return _assemble(parameter.slot, value, at, given)
    if parameter.items is not None and parameter.items.slot and value is not None:
        return [_assemble(parameter.items.slot, item, f"{at}.{index}", given) for index, item in enumerate(value)]
    return value


def _made(component: Any, arguments: dict[str, Any], name: str, at: str) -> Any:
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


def _line(component: Any, error: Exception) -> str:
    """Return the file and line of a component that failed, such as " (my_layers.py, line 7)"; of ours nothing."""
    module = getattr(component, "__module__", "")
    file = getattr(sys.modules.get(module), "__file__", None) or ""
    lines = [call.lineno for call in traceback.extract_tb(error.__traceback__) if call.filename == file]
    return "" if module.startswith("keras_transformers.") or not lines else f" ({Path(file).name}, line {lines[-1]})"
