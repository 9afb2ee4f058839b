"""What cannot be written is said in one sentence, whoever wrote: Python, Keras or TensorFlow."""

import os
import re
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .errors import RunError, first_line


@contextmanager
def writing(path, error=RunError):
    """Raise `error`, which names `path`, if what is written inside fails.

    Args:
        path: What is being written.
        error: The class of the error raised.
    """
    import tensorflow as tf

    try:
        yield
    except OSError as failure:
        raise error(f"{path} cannot be written: {failure.strerror or failure}.") from None
    except tf.errors.OpError as failure:
        raise error(f"{path} cannot be written: {_reason(failure)}.") from None


@contextmanager
def replacing(path, error=RunError):
    """Yield a new folder; when the block ends well, it takes the place of `path`, whole.

    Until then whatever is at `path` stays as it is, and if the block fails nothing is left behind.

    Args:
        path: The folder to write.
        error: The class of the error raised when it cannot be written.
    """
    path = Path(os.path.abspath(path))
    staging = path.with_name(f".{path.name}.{os.getpid()}.partial")
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


def refuse_existing(path, kind, overwrite, error=RunError, elsewhere="give another folder", replace="add --overwrite"):
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
    strange = sorted({one.name for one in path.iterdir()} - kind.names)
    if strange:
        raise error(f"{path} also holds `{strange[0]}`, which is no part of {kind.noun}; move it, or {elsewhere}.")
    if not overwrite:
        raise error(f"{path} already holds {kind.noun}; {replace} to replace it, or {elsewhere}.")


def _put(staging, path):
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


def _reason(failure):
    """Return the first line of TensorFlow's message, without its own names."""
    line = first_line(failure)
    return re.sub(r"^\{\{.*?\}\} *| *\[Op:.*", "", line).rstrip(".")
