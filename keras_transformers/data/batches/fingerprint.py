"""Fingerprints of encoded examples and of the plan of batches, to detect changes on resuming."""

import dataclasses
import hashlib
from typing import Any

import numpy as np

from .batching import Batches

_SCALARS = (bool, int, float, str, bytes, type(None), np.generic)


def of_examples(batches: Batches) -> str:
    """Return 32 hexadecimal digits that tell whether the examples of two `Batches` are the same.

    Args:
        batches: `Batches`; all that it holds but plain numbers and strings counts.
    """
    parts = {name: value for name, value in _fields(batches).items() if not isinstance(value, _SCALARS)}
    return _digest(parts, batches.lengths)


def of_plan(batches: Batches) -> str:
    """Return 32 hexadecimal digits that tell whether two `Batches` make the same of alike examples.

    Args:
        batches: `Batches`; the plan of its first epoch counts, and the numbers that it draws by, such as its seed.
    """
    numbers = {name: value for name, value in _fields(batches).items() if isinstance(value, _SCALARS)}
    numbers.pop("batch_tokens", None)  # the plan tells what comes of it
    return _digest(numbers, batches.plan(0))


def _fields(value: Any) -> dict[str, Any]:
    if not dataclasses.is_dataclass(value):
        return dict(vars(value))
    fields = {field: getattr(value, field.name) for field in dataclasses.fields(value)}
    return {field.name: it for field, it in fields.items() if not ("later" in field.metadata and it == field.default)}


def _digest(*values: Any) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for value in values:
        _add(digest, value)
    return digest.hexdigest()


def _add(digest: Any, value: Any) -> None:
    """Add a value's content: of arrays, numbers, strings, and lists, dicts and dataclasses of them.

    Of anything else the name of its class counts: what it holds may differ from process to process.
    """
    digest.update(type(value).__qualname__.encode())
    if isinstance(value, np.ndarray) and value.dtype != object:
        digest.update(f" {value.dtype.str} {value.shape} ".encode())
        digest.update(value.tobytes())
    elif isinstance(value, _SCALARS):
        digest.update(f" {value!r} ".encode("utf-8", "surrogatepass"))
    elif isinstance(value, dict):
        for key in sorted(value, key=str):
            _add(digest, str(key))
            _add(digest, value[key])
    elif isinstance(value, (list, tuple, np.ndarray)):
        digest.update(f" {len(value)} ".encode())
        for item in value:
            _add(digest, item)
    elif dataclasses.is_dataclass(value):
        _add(digest, _fields(value))
