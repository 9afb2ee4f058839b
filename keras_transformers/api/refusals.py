"""Tells users what a graph refuses, in the sentence that stands in the graph."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import DataError


@contextmanager
def refusals_told() -> Iterator[None]:
    """Raise a `DataError` with the graph's own sentence, where it refuses a text.

    Raises:
        DataError: It refuses one, such as a prompt that is too long.
    """
    import tensorflow as tf

    try:
        yield
    except tf.errors.InvalidArgumentError as error:
        refused = re.search(r"assertion failed: \[([^\]]*\.)\]", str(error))
        if refused is None:
            raise
        raise DataError(refused[1]) from None
