"""Checks scalar values: numbers, text, choices."""

import math
from typing import Any

from ..errors import did_you_mean
from ..registry import Parameter
from ..signature import is_text_encoding
from .document import found

_NOUNS = {
    "int": "an integer",
    "float": "a number",
    "bool": "true or false",
    "str": "text",
    "path": "a path",
    "encoding": "an encoding of text, such as utf-8 or latin-1",
    "list": "a list",
    "map": "a map",
    "any": "a value",
}


class WrongValue(ValueError):
    """The value does not fit; the text says what was expected and what was found."""


def check_scalar(parameter: Parameter, value: Any) -> Any:
    """Return `value` as the parameter takes it: an int becomes a float where a float is meant.

    Args:
        parameter: A registry `Parameter` of type int, float, bool, str, path or any.
        value: Plain data, not None.

    Raises:
        WrongValue: The type, the bounds or the choices forbid it.
    """
    if parameter.choices is not None:
        return _check_choice(parameter, parameter.choices, value)
    converted = _convert(parameter.type, value)
    if converted is None or not _within(parameter, converted):
        raise WrongValue(f"expected {expectation(parameter)}, found {found(value)}.")
    return converted


def expectation(parameter: Parameter) -> str:
    """Return what the parameter takes, in words: "an integer of at least 1 or null"."""
    if parameter.choices is not None:
        text = "one of " + ", ".join(_plain(choice) for choice in parameter.choices)
    else:
        text = _NOUNS.get(parameter.type, parameter.type) + _bounds(parameter)
    return text + " or null" if parameter.nullable else text


def _check_choice(parameter: Parameter, choices: tuple[Any, ...], value: Any) -> Any:
    for choice in choices:
        if type(choice) is type(value) and choice == value:
            return value
        if isinstance(choice, float) and _convert("float", value) == choice:
            return choice
    near = did_you_mean(value, choices) if isinstance(value, str) else ""
    raise WrongValue(f"expected {expectation(parameter)}, found {found(value)}.{near}")


def _convert(kind: str, value: Any) -> Any:
    """Return the value in the type `kind`, or None if it is not of it."""
    if kind == "any":
        return value
    if kind in ("str", "path"):
        return value if isinstance(value, str) else None
    if kind == "encoding":
        return value if isinstance(value, str) and is_text_encoding(value) else None
    if kind == "bool":
        return value if isinstance(value, bool) else None
    if isinstance(value, bool):
        return None
    if kind == "int":
        return value if isinstance(value, int) else None
    if not isinstance(value, (int, float, str)):  # text: a YAML 1.1 writer quotes or leaves bare `1e-4`
        return None
    try:
        value = float(value)
    except (ValueError, OverflowError):
        return None
    return value if math.isfinite(value) else None


def _within(parameter: Parameter, value: Any) -> bool:
    if parameter.type not in ("int", "float"):
        return True
    return (
        (parameter.minimum is None or value >= parameter.minimum)
        and (parameter.maximum is None or value <= parameter.maximum)
        and (parameter.above is None or value > parameter.above)
        and (parameter.below is None or value < parameter.below)
    )


def _bounds(parameter: Parameter) -> str:
    low, high, above, below = (
        None if bound is None else f"{bound:g}" if isinstance(bound, float) else str(bound)
        for bound in (parameter.minimum, parameter.maximum, parameter.above, parameter.below)
    )
    if low is not None and high is not None:
        return f" from {low} to {high}"
    parts = []
    if low is not None:
        parts.append(f"of at least {low}")
    if above is not None:
        parts.append(f"above {above}")
    if high is not None:
        parts.append(f"of at most {high}")
    if below is not None:
        parts.append(f"below {below}")
    return " " + " and ".join(parts) if parts else ""


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else found(value)
