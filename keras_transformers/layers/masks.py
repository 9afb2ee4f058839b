"""Masks: boolean, broadcastable to (B, H, T, S), True where a target may attend to a source.

B batch, T target length, S source length, H heads.
"""

import keras
from keras import ops


def padding_mask(ids, pad_id=0):
    """Return (B, 1, 1, S): True at the real tokens of `ids` (B, S)."""
    return ops.expand_dims(ops.not_equal(ids, pad_id), (1, 2))


def causal_mask(query_positions, key_positions):
    """Return (1, 1, T, S): True where the key is not after the query.

    Args:
        query_positions: Integer positions of the targets, shape (T,).
        key_positions: Integer positions of the sources, shape (S,).
    """
    earlier = ops.less_equal(ops.expand_dims(key_positions, 0), ops.expand_dims(query_positions, 1))
    return ops.expand_dims(earlier, (0, 1))


def as_attention_mask(mask):
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


class ExplicitMask(keras.layers.Layer):
    """Abstract: a layer that takes its mask as an argument and attaches none to its outputs.

    Keras fills an omitted `mask` argument from the inputs' implicit mask, which is the fallback.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def compute_mask(self, *args, **kwargs):
        return None
