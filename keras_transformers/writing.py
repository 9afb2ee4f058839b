"""What cannot be written is said in one sentence, whoever wrote: Python, Keras or TensorFlow."""

import re
from contextlib import contextmanager

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


def _reason(failure):
    """Return the first line of TensorFlow's message, without its own names."""
    line = str(failure).strip().splitlines()[0]
    return re.sub(r"^\{\{.*?\}\} *| *\[Op:.*", "", line).rstrip(".")
