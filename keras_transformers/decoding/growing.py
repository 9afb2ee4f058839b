"""The shapes of a decoding loop's variables, some of whose axes grow with each token said."""

from typing import Any

import tensorflow as tf


def growing(now: Any, before: Any) -> Any:
    """Return the shapes of a loop's variables, as `tf.while_loop` takes them in `shape_invariants`.

    An axis whose size is 0, now or before the first token, is left open, for it grows. All others keep their size.

    Args:
        now: The variables at the beginning of the loop: dicts, lists and tuples of tensors.
        before: The same before the first token was said; where it is None, or lacks an entry, nothing grows.
    """
    if isinstance(now, dict):
        return {name: growing(x, before.get(name) if isinstance(before, dict) else None) for name, x in now.items()}
    if isinstance(now, list | tuple):
        parts = (growing(x, y) for x, y in zip(now, before or [None] * len(now), strict=True))
        return type(now)(*parts) if hasattr(now, "_fields") else type(now)(parts)
    if before is None or now.shape.rank is None or before.shape.rank is None:
        return now.shape
    return tf.TensorShape([None if 0 in (x, y) else x for x, y in zip(now.shape, before.shape, strict=True)])
