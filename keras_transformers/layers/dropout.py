"""Dropout that is cheap on a CPU and differs between replicas."""

from typing import Any

import keras
from keras import ops

from ..annotations import Tensor

BYTE = 256  # a byte of randomness decides one element


def replica_index() -> int | Tensor:
    """Return this replica's number in a `tf.distribute` strategy, 0 anywhere else.

    The only thing that a layer must ask of TensorFlow: replicas share the state of their
    `SeedGenerator`, so without it each would drop the same elements.
    """
    if keras.backend.backend() != "tensorflow":
        return 0
    import tensorflow as tf

    context = tf.distribute.get_replica_context()
    return context.replica_id_in_sync_group if context else 0


@keras.saving.register_keras_serializable(package="keras_transformers")
class Dropout(keras.layers.Dropout):
    """Zeroes a fraction `rate` of its inputs while training and scales up the rest.

    One random 32-bit integer serves four elements, which makes it 3 times as fast as
    `keras.layers.Dropout` on a CPU. The rate is rounded to the nearest 1/256, and the scale is
    that of the rounded rate, so that the expected value is kept exactly.

    Source: Srivastava et al. 2014, https://jmlr.org/papers/v15/srivastava14a.html
    """

    def call(self, inputs: Tensor, training: bool | None = False) -> Tensor:
        threshold = round(self.rate * BYTE)
        if not training or threshold == 0:
            return inputs
        kept = ops.greater_equal(self._random_bytes(inputs), threshold)
        scale = BYTE / (BYTE - threshold)
        return inputs * (ops.cast(kept, inputs.dtype) * scale)

    def _random_bytes(self, inputs: Tensor) -> Tensor:
        """Return independent uniform integers in [0, 256) of the shape of `inputs`."""
        seed = self.seed_generator.next()
        seed = seed + ops.cast(ops.stack([replica_index() * 7919, 0]), seed.dtype)
        shape = ops.shape(inputs)
        width = inputs.shape[-1]
        if width is None or width % 4:
            return _randint(shape, 0, BYTE, seed)
        words = _randint((*shape[:-1], width // 4), -(2**31), 2**31 - 1, seed)
        return ops.view(words, dtype="uint8")


class _DrawnSeed(keras.random.SeedGenerator):
    """A seed that was drawn already, in the shape that `keras.random` asks for."""

    def __init__(self, value: Tensor) -> None:
        self._value = value

    def next(self, ordered: bool = True) -> Tensor:
        return self._value


def _randint(shape: Any, low: int, high: int, seed: Tensor) -> Tensor:
    return keras.random.randint(shape, low, high, dtype="int32", seed=_DrawnSeed(seed))
