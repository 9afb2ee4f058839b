"""What cannot be written is said in one sentence, whoever wrote: Python, Keras or TensorFlow."""

import os
import re
import shutil
from contextlib import contextmanager
from pathlib import Path

from .errors import RunError


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
    line = str(failure).strip().splitlines()[0]
    return re.sub(r"^\{\{.*?\}\} *| *\[Op:.*", "", line).rstrip(".")
