"""Reads a checkpoint's JSON files, with clear errors."""

import json

from ..errors import CheckpointError

MOST = 10_000_000  # a greater count is a mistake: no vocabulary has so many pieces
LARGEST = 1e9
"""No setting that is a number is as large; infinity is not, either."""


def read_json(path, kind=dict):
    """Return the object of a JSON file, or its list, if `kind` is that.

    Raises:
        CheckpointError: It cannot be read, or holds something else.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError):
        raise CheckpointError(f"{path} is damaged: it is not JSON.") from None
    if not isinstance(value, kind):
        wanted = "object" if kind is dict else "list"
        raise CheckpointError(f"{path} must hold a JSON {wanted}, but holds {type(value).__name__}.")
    return value


def read_count(config, key, path):
    """Return a positive integer of a configuration, no greater than `MOST`.

    Raises:
        CheckpointError: It is missing, or something else.
    """
    value = config.get(key)
    if type(value) is not int or value < 1:
        found = json.dumps(value) if key in config else "missing"
        raise CheckpointError(f"{path}: `{key}` must be a positive integer, but is {found}.")
    if value > MOST:
        raise CheckpointError(f"{path}: `{key}` must be at most {MOST:,}, but is {value:,}.")
    return value


def read_number(config, key, default, path):
    """Return a number of a configuration, or the default if it has none, or null.

    Raises:
        CheckpointError: It is something else.
    """
    value = default if config.get(key) is None else config[key]
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < LARGEST:
        raise CheckpointError(f"{path}: `{key}` must be a number, but is {json.dumps(value)}.")
    return float(value)


def require_divisor(config, key, other, path):
    """Raise unless one count of a configuration divides another.

    Raises:
        CheckpointError: It does not.
    """
    if config[other] % config[key]:
        raise CheckpointError(f"{path}: `{key}` must divide `{other}` ({config[other]}), but is {config[key]}.")
