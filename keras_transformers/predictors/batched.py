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
    text: Tensor, ids: tf.RaggedTensor, answer: Callable[[tf.RaggedTensor], dict[str, Tensor]]
) -> dict[str, Tensor]:
    """Return what `answer` makes of `ids`, and of each text that shows nothing "" or 0: no model is asked about it.

    Whatever generates text goes through here: a model that must say something invents it.

    Args:
        text: tf.string (N,).
        ids: Its tokens, `tf.RaggedTensor` (N, None); a text without any shows nothing to the model.
        answer: From `tf.RaggedTensor` (M, None) to a dict of tensors (M, …), strings and numbers.
    """
    asked = tf.where(~is_blank(text) & (ids.row_lengths() > 0))
    found = answer(tf.gather(ids, asked[:, 0]))
    count = tf.shape(text, tf.int64)
    return {
        name: tf.scatter_nd(asked, values, tf.concat([count, tf.shape(values, tf.int64)[1:]], axis=0))
        for name, values in found.items()
    }


def in_batches(
    step: Callable[[dict[str, Tensor]], dict[str, Tensor]],
    inputs: dict[str, tf.RaggedTensor],
    outputs: dict[str, tf.TensorSpec],
) -> dict[str, Tensor]:
    """Return what `step` makes of `inputs`: a dict of tensors (N, …) in the order of the inputs.

    The longest texts come first, so that those taken together are of nearly equal length.

    Args:
        step: From a dict of tensors (B, T), padded with 0, to a dict of tensors (B, …).
        inputs: Dict of `tf.RaggedTensor` (N, None), all of the same lengths.
        outputs: For each output of `step` its `tf.TensorSpec`; all axes but the first are known.
    """
    lengths = tf.cast(next(iter(inputs.values())).row_lengths(), tf.int32)
    order = tf.argsort(lengths, direction="DESCENDING")
    count = tf.shape(order)[0]

    def unfinished(start: Tensor, *_: Any) -> Tensor:
        return start < count

    def advance(start: Tensor, found: Any) -> tuple[Any, ...]:
        longest = tf.maximum(lengths[order[start]], 1)
        rows = tf.clip_by_value(TOKENS // longest, 1, ROWS)
        chosen = order[start : start + rows]
        made = step({name: tf.gather(ids, chosen).to_tensor(0) for name, ids in inputs.items()})
        where = chosen[:, None]
        return start + rows, {name: tf.tensor_scatter_nd_update(found[name], where, made[name]) for name in found}

    empty = {name: tf.zeros((count, *spec.shape[1:]), spec.dtype) for name, spec in outputs.items()}
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
