"""Runs a model over any number of texts in bounded batches, inside the graph.

N texts, B of them in a batch, T length.
"""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from ..annotations import Tensor
from ..text.blank import is_blank

ROWS = 64  # texts taken together at most …
TOKENS = 4096  # … and their tokens, padding included


def of_visible(
    text: Tensor, asked: dict[str, Any], answer: Callable[[dict[str, Any]], dict[str, Tensor]]
) -> dict[str, Tensor]:
    """Return what `answer` makes of `asked`, and of each text that shows nothing "" or 0: no model is asked about it.

    Whatever generates text goes through here: a model that must say something invents it.

    Args:
        text: tf.string (N,).
        asked: By name tensors (N, …) and `tf.RaggedTensor` (N, None). `ids` are the tokens of the texts; one without
            any shows nothing to the model.
        answer: From such a dict of M rows to a dict of tensors (M, …), strings and numbers.
    """
    visible = tf.where(~is_blank(text) & (asked["ids"].row_lengths() > 0))
    found = answer({name: tf.gather(values, visible[:, 0]) for name, values in asked.items()})
    count = tf.shape(text, tf.int64)
    return {
        name: tf.scatter_nd(visible, values, tf.concat([count, tf.shape(values, tf.int64)[1:]], axis=0))
        for name, values in found.items()
    }


def in_batches(
    step: Callable[[dict[str, Any]], dict[str, Tensor]],
    inputs: dict[str, Any],
    outputs: dict[str, tf.TensorSpec],
    tokens: int = TOKENS,
    rows: int = ROWS,
    most: Tensor | None = None,
) -> dict[str, Tensor]:
    """Return what `step` makes of `inputs`: a dict of tensors (N, …) in the order of the inputs.

    The longest texts come first, so that those taken together are of nearly equal length.

    Args:
        step: From the same rows of all inputs, those of ragged ones padded with 0, to a dict of tensors (B, …).
        inputs: By name `tf.RaggedTensor` (N, None), of which in each row the longest counts, and tensors (N, …).
        outputs: For each output of `step` its `tf.TensorSpec`; axes but the first that are not known come to be of the
            size `most`, to which they are padded with 0.
        tokens: Most tokens taken together, unless it is one text that has more.
        rows: Most texts taken together.
        most: By default the length of the longest input.
    """
    ragged = [values for values in inputs.values() if isinstance(values, tf.RaggedTensor)]
    lengths = tf.reduce_max([tf.cast(ids.row_lengths(), tf.int32) for ids in ragged], axis=0)
    order = tf.argsort(lengths, direction="DESCENDING")
    most = tf.reduce_max(tf.concat([lengths, [0]], axis=0)) if most is None else most
    count = tf.shape(order)[0]

    def unfinished(start: Tensor, *_: Any) -> Tensor:
        return start < count

    def advance(start: Tensor, found: Any) -> tuple[Any, ...]:
        longest = tf.maximum(lengths[order[start]], 1)
        size = tf.clip_by_value(tokens // longest, 1, rows)
        chosen = order[start : start + size]
        made = step({name: _rows(values, chosen) for name, values in inputs.items()})
        where = chosen[:, None]
        made = {name: _padded(made[name], found[name]) for name in found}
        return start + size, {name: tf.tensor_scatter_nd_update(found[name], where, made[name]) for name in found}

    empty = {
        name: tf.zeros([count, *(most if axis is None else axis for axis in spec.shape[1:])], spec.dtype)
        for name, spec in outputs.items()
    }
    shapes = {name: tf.TensorShape(spec.shape) for name, spec in outputs.items()}
    # One at a time: batches computed in parallel would all be in memory at once.
    found: dict[str, Tensor]
    _, found = tf.while_loop(
        unfinished,
        advance,
        (tf.constant(0), empty),
        shape_invariants=(tf.TensorShape(()), shapes),
        parallel_iterations=1,
    )
    return found


def _rows(values: Any, chosen: Tensor) -> Tensor:
    rows = tf.gather(values, chosen)
    return rows.to_tensor(0) if isinstance(values, tf.RaggedTensor) else rows


def _padded(made: Tensor, to: Tensor) -> Tensor:
    """Return `made` (B, …) with zeros behind, its axes but the first as long as those of `to`."""
    if made.shape[1:].is_fully_defined() and made.shape[1:] == to.shape[1:]:
        return made
    missing = tf.concat([[0], tf.shape(to)[1:] - tf.shape(made)[1:]], axis=0)
    return tf.pad(made, tf.stack([tf.zeros_like(missing), missing], axis=1))
