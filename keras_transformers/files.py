"""Atomic writing of files and folders, and strict JSON.

What cannot be written is said in one sentence, whoever wrote: Python, Keras or TensorFlow.
"""

import json
import math
import os
import re
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from .errors import RunError, first_line

StrPath = str | os.PathLike[str]


@contextmanager
def writing(path: StrPath, error: type[Exception] = RunError) -> Iterator[None]:
    """Raise `error`, which names `path`, if what is written inside fails.

    Args:
        path: What is being written.
        error: The class of the error raised.
    """
    try:
        yield
    except OSError as failure:
        raise error(f"{path} cannot be written: {failure.strerror or failure}.") from None
    except Exception as failure:
        tensorflow = sys.modules.get("tensorflow")
        if tensorflow is None or not isinstance(failure, tensorflow.errors.OpError):
            raise
        raise error(f"{path} cannot be written: {_reason(failure)}.") from None


@contextmanager
def whole(path: StrPath, mode: str = "w") -> Iterator[IO[Any]]:
    """Yield the stream of a new file; when the block ends well, it takes the place of `path`.

    Until then whatever is at `path` stays as it is, and if the block fails nothing is left behind. A link stays a
    link, and what is no file, such as /dev/null, is written as it is.

    Args:
        path: The file to write.
        mode: `w` for text, in UTF-8, or `wb` for bytes.

    Raises:
        OSError: It cannot be written.
    """
    path = Path(os.path.realpath(path))
    text: dict[str, Any] = {} if "b" in mode else {"encoding": "utf-8", "newline": "\n"}
    if path.exists() and not path.is_file():
        with path.open(mode, **text) as stream:
            yield stream
        return
    partial = _beside(path)
    try:
        with partial.open(mode, **text) as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        if path.exists():
            shutil.copymode(path, partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def write_bytes(path: StrPath, content: bytes) -> None:
    """Write a file of bytes, whole or not at all."""
    with whole(path, "wb") as stream:
        stream.write(content)


def write_text(path: StrPath, text: str) -> None:
    """Write a file of text in UTF-8, whole or not at all."""
    with whole(path) as stream:
        stream.write(text)


def write_json(path: StrPath, value: Any) -> None:
    """Write a file that holds one JSON value, whole or not at all."""
    write_text(path, to_json(value, indent=2) + "\n")


def write_json_lines(path: StrPath, values: Iterable[Any]) -> None:
    """Write a file with one JSON value a line, whole or not at all."""
    write_text(path, "".join(to_json(value) + "\n" for value in values))


def to_json(value: Any, indent: int | None = None, compact: bool = False, only_ascii: bool = False) -> str:
    """Return a value as JSON, which every program reads.

    What JSON has no sign for is written so: a number that is NaN or infinite as null, an array as a list, other
    objects, such as paths, as their text. Line separators and half characters are escaped, so that a value is one
    line whoever splits the lines, and can be written in UTF-8.

    Args:
        value: Dicts, lists and scalars.
        indent: Spaces by which nested values are indented; none: all stands on one line.
        compact: Without spaces after `,` and `:`.
        only_ascii: Escape all else than ASCII, for a stream of another encoding.
    """
    options: dict[str, Any] = {"indent": indent, "ensure_ascii": only_ascii, "allow_nan": False, "default": _plain}
    if compact:
        options["separators"] = (",", ":")
    try:
        text = json.dumps(value, **options)
    except ValueError:
        text = json.dumps(_without_nan(value), **options)
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


_UNSAFE = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def _plain(value: Any) -> Any:
    """Return what JSON has a sign for instead of an array, a number of NumPy's or another object."""
    value = value.numpy() if hasattr(value, "numpy") else value
    return _without_nan(value.tolist()) if hasattr(value, "tolist") else str(value)


def _without_nan(value: Any) -> Any:
    """Return nested dicts and lists with None for each number that is NaN or infinite."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _without_nan(child) for key, child in value.items()}
    return [_without_nan(child) for child in value] if isinstance(value, (list, tuple)) else value


@contextmanager
def replacing(path: StrPath, error: type[Exception] = RunError) -> Iterator[Path]:
    """Yield a new folder; when the block ends well, it takes the place of `path`, whole.

    Until then whatever is at `path` stays as it is, and if the block fails nothing is left behind.

    Args:
        path: The folder to write.
        error: The class of the error raised when it cannot be written.
    """
    path = Path(os.path.abspath(path))
    staging = _beside(path)
    try:
        with writing(path, error):
            shutil.rmtree(staging, ignore_errors=True)
            staging.mkdir(parents=True)
        yield staging
        with writing(path, error):
            _put(staging, path.resolve())
    finally:
        shutil.rmtree(staging, ignore_errors=True)


@dataclass(frozen=True)
class Kind:
    """A kind of folder that this library writes, and may therefore replace.

    Args:
        noun: What it is, such as `a SavedModel`.
        marker: The file that tells it.
        names: All that is written into it.
    """

    noun: str
    marker: str
    names: frozenset[str]


def refuse_existing(
    path: StrPath,
    kind: Kind,
    overwrite: bool,
    error: type[Exception] = RunError,
    elsewhere: str = "give another folder",
    replace: str = "add --overwrite",
) -> None:
    """Raise unless a folder may be written: nothing is there, or what may be replaced and holds nothing else.

    Args:
        path: The folder to write.
        kind: The `Kind` of folder that is written.
        overwrite: Whether one that is there may be replaced.
        error: The class of the error raised.
        elsewhere: How to name another folder, for the message.
        replace: How to replace the one that is there.
    """
    path = Path(path)
    if not path.exists() or (path.is_dir() and not any(path.iterdir())):
        return
    if not (path / kind.marker).is_file():
        raise error(f"{path} exists and is not {kind.noun}; {elsewhere}.")
    strange = sorted(entry.name for entry in path.iterdir() if not _is_of(entry.name, kind.names))
    if strange:
        raise error(f"{path} also holds `{strange[0]}`, which is no part of {kind.noun}; move it, or {elsewhere}.")
    if not overwrite:
        raise error(f"{path} already holds {kind.noun}; {replace} to replace it, or {elsewhere}.")


def _beside(path: Path) -> Path:
    """Return the path at which a new file or folder is made that will take the place of `path`."""
    name = os.fsdecode(os.fsencode(path.name)[:200])  # with the rest no longer than a name may be
    return path.with_name(f".{name}.{os.getpid()}{_PARTIAL}")


_PARTIAL = ".partial"
_LEFT_BEHIND = re.compile(rf"\.(.+)\.\d+{re.escape(_PARTIAL)}")


def _is_of(name: str, names: frozenset[str]) -> bool:
    """Tell whether a file has one of these names, or was left behind when the writing of one was killed."""
    left = _LEFT_BEHIND.fullmatch(name)
    return name in names or (left is not None and left[1] in names)


def _put(staging: Path, path: Path) -> None:
    """Move `staging` to `path`; what was there is deleted last."""
    if path.is_dir() and not any(path.iterdir()):
        for child in staging.iterdir():  # the folder itself may be someone's working directory
            child.rename(path / child.name)
        return
    old = path.with_name(f"{staging.name}.old")
    if path.exists():
        path.rename(old)
    try:
        staging.rename(path)
    except OSError:
        if old.exists():
            old.rename(path)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _reason(failure: BaseException) -> str:
    """Return the first line of TensorFlow's message, without its own names."""
    line = first_line(failure)
    return re.sub(r"^\{\{.*?\}\} *| *\[Op:.*", "", line).rstrip(".")
