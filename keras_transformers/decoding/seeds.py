"""Random numbers that a seed alone decides, whatever else is in the batch.

M sentences, S samples of each.
"""

import tensorflow as tf

from ..annotations import Tensor

GOLDEN = 0x9E3779B9
"""2³² over the golden ratio, which spreads what is counted."""


def uniform(seeds: Tensor, samples: int, step: Tensor) -> Tensor:
    """Return numbers in [0, 1), (M, S), float32: for each seed (M,), int64, and each sample, one at a step.

    They are hashes of the three: unlike those of a generator they do not depend on the other rows.
    """
    bits = tf.constant(0xFFFFFFFF, tf.int64)
    low = tf.cast(tf.bitwise.bitwise_and(seeds, bits), tf.uint32)
    high = tf.cast(tf.bitwise.bitwise_and(tf.bitwise.right_shift(seeds, tf.constant(32, tf.int64)), bits), tf.uint32)
    of_seed = mixed(mixed(low) + _spread(high))[:, None]
    of_sample = mixed(of_seed + _spread(tf.range(1, samples + 1))[None])
    of_step = mixed(of_sample + _spread(step + 1))
    upper = tf.bitwise.right_shift(of_step, tf.constant(8, tf.uint32))  # a float32 holds 24 bits
    return tf.cast(upper, tf.float32) / 2.0**24


def mixed(x: Tensor) -> Tensor:
    """Return uint32 numbers of which every bit depends on every bit of `x`.

    Source: Appleby, the finalizer of MurmurHash3, https://github.com/aappleby/smhasher
    """
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        x = _folded(x, shift) * tf.constant(factor, tf.uint32)
    return _folded(x, 16)


def _folded(x: Tensor, shift: int) -> Tensor:
    return tf.bitwise.bitwise_xor(x, tf.bitwise.right_shift(x, tf.constant(shift, tf.uint32)))


def _spread(count: Tensor) -> Tensor:
    return tf.cast(count, tf.uint32) * tf.constant(GOLDEN, tf.uint32)
