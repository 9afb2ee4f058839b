"""Masks: boolean, broadcastable to (B, H, T, S), True where a target may attend to a source.

B batch, T target length, S source length, H heads.
"""

from typing import Any

import keras
from keras import ops

from ..annotations import Tensor


def padding_mask(ids: Tensor, pad_id: int = 0) -> Tensor:
    """Return (B, 1, 1, S): True at the real tokens of `ids` (B, S)."""
    return ops.expand_dims(ops.not_equal(ids, pad_id), (1, 2))


def causal_mask(query_positions: Tensor, key_positions: Tensor) -> Tensor:
    """Return (1 or B, 1, T, S): True where the key is not after the query.

    Args:
        query_positions: Integer positions of the targets, (T,) or (B, T).
        key_positions: Integer positions of the sources, (S,) or (B, S).
    """
    earlier = ops.less_equal(ops.expand_dims(key_positions, -2), ops.expand_dims(query_positions, -1))
    return ops.expand_dims(earlier, 1 if len(earlier.shape) == 3 else (0, 1))


def as_attention_mask(mask: Tensor) -> Tensor:
    """Return `mask` as (B, H or 1, T or 1, S).

    A (B, S) mask is a padding mask (Keras's implicit `_keras_mask` has this shape); a (B, T, S)
    mask holds for every head.

    Raises:
        ValueError: The mask has another rank.
    """
    rank = len(mask.shape)
    if rank == 2:
        return ops.expand_dims(mask, (1, 2))
    if rank == 3:
        return ops.expand_dims(mask, 1)
    if rank == 4:
        return mask
    raise ValueError(
        "`mask` must have shape (batch, source), (batch, target, source) or "
        f"(batch, heads, target, source), but has shape {tuple(mask.shape)}."
    )


def as_causal_mask(mask: Tensor | None, length: int | Tensor) -> Tensor:
    """Return the mask of a decoder's self-attention over `length` targets.

    Args:
        mask: Which of them are real (B, T); or all that a target may attend to, of rank 3 or 4, which then says
            everything; None: all are real.
        length: T.

    Returns:
        For a mask of rank 3 or 4, that mask; else the real targets that are not after the target.
    """
    if mask is not None and len(mask.shape) > 2:
        return mask
    order = ops.arange(length)
    before = causal_mask(order, order)
    return before if mask is None else ops.logical_and(before, as_attention_mask(mask))


def implicit_mask(x: Tensor) -> Tensor | None:
    """Return the mask that Keras attached to a tensor, such as (B, T) for (B, T, D), or None."""
    return getattr(x, "_keras_mask", None)


class MaskedLayer(keras.layers.Layer):
    """Abstract: a layer through which the implicit mask of its first input passes, as through Keras's own.

    A mask that is given as an argument says what may be attended to, and is no mask of the outputs.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def compute_mask(self, inputs: Tensor, previous_mask: Tensor | None = None) -> Tensor | None:
        return implicit_mask(inputs)
