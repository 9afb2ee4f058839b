"""Where a problem of a recipe is: a line of a file, a `--set` argument or a dict."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..errors import Problem

KeyPath = tuple[str | int, ...]
"""Where a value stands in a recipe: the keys from the root."""


@dataclass(frozen=True)
class Place:
    """Where a value was written; `line` and `column`, from 1, are None outside files."""

    file: str
    line: int | None = None
    column: int | None = None


def problem(place: Place, path: str | Iterable[object], message: str) -> Problem:
    """Return the problem at `place`; `path` is a key path as text or as a sequence of keys."""
    if not isinstance(path, str):
        path = ".".join(str(key) for key in path)
    return Problem(message, path, place.file, place.line, place.column)


def shown(path: str | os.PathLike[str]) -> str:
    """Return a file's path as messages show it: relative where it lies below the working directory."""
    path = Path(path)
    try:
        return str(path.resolve().relative_to(Path.cwd().resolve()))
    except (ValueError, OSError):
        return os.fspath(path)
