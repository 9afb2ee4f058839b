"""Positions: what is added to the embeddings so that order matters.

B batch, T length, D model width. Positions are integers counted from 0: (T,) or, where rows stand at positions of
their own, (B, T).
"""

import math
from typing import Annotated, Any

import keras
from keras import ops

from ..annotations import Config, Shape, Tensor
from ..signature import AtLeast, Count, Even, Need, register
from .compose import width_of
from .masks import MaskedLayer


def sinusoids(positions: Tensor, dim: int, max_wavelength: float = 10_000.0) -> Tensor:
    """Return PE(pos, 2i) = sin(pos / 10000^(2i/D)), PE(pos, 2i+1) = cos(the same), (T, D) or (B, T, D), float32.

    Float32 whatever the compute dtype: bfloat16 cannot tell position 257 from 256.

    Source: Vaswani et al. 2017, section 3.5, https://arxiv.org/abs/1706.03762
    """
    pair = ops.arange(dim // 2, dtype="float32")  # i
    frequency = ops.exp(pair * (-2.0 * math.log(max_wavelength) / dim))
    angle = ops.expand_dims(ops.cast(positions, "float32"), -1) * frequency  # (…, T, D/2)
    interleaved = ops.stack([ops.sin(angle), ops.cos(angle)], axis=-1)  # (…, T, D/2, 2)
    return ops.reshape(interleaved, (*ops.shape(positions), dim))


class Position(MaskedLayer):
    """Abstract: a layer that adds to vectors (B, T, D) where they stand."""

    def call(self, inputs: Tensor, positions: Tensor | None = None) -> Tensor:
        """Add to `inputs` (B, T, D) the encoding of `positions`, (T,) or (B, T), by default 0 … T-1."""
        positions = ops.arange(ops.shape(inputs)[1]) if positions is None else positions
        return inputs + ops.cast(self.encoding(positions, inputs.shape[-1]), inputs.dtype)

    def encoding(self, positions: Tensor, dim: int) -> Tensor:
        """Return what is added at `positions`, (T, D) or (B, T, D)."""
        raise NotImplementedError

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return tuple(input_shape)


@register("position", "sinusoidal")
@keras.saving.register_keras_serializable(package="keras_transformers")
class SinusoidalPosition(Position):
    """Adds sines and cosines of geometrically spaced wavelengths; any length.

    Reference: Vaswani et al. 2017, section 3.5, https://arxiv.org/abs/1706.03762

    Raises:
        ValueError: The width of the inputs is odd.
    """

    needs = (Need("model.dim", Even),)

    def build(self, input_shape: Shape) -> None:
        if width_of(input_shape) % 2:
            raise ValueError(f"Sinusoidal positions need an even width, but `dim` is {input_shape[-1]}.")
        self.built = True

    def encoding(self, positions: Tensor, dim: int) -> Tensor:
        return sinusoids(positions, dim)


@register("position", "learned")
@keras.saving.register_keras_serializable(package="keras_transformers")
class LearnedPosition(Position):
    """Adds one trained vector per position, up to a greatest length.

    Reference: Devlin et al. 2018, https://arxiv.org/abs/1810.04805

    Args:
        max_length: Number of positions; later ones take the last vector.
    """

    def __init__(self, max_length: Annotated[Count, AtLeast("data.max_length")], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.max_length = max_length

    def build(self, input_shape: Shape) -> None:
        self.table = self.add_weight(
            name="table",
            shape=(self.max_length, input_shape[-1]),
            initializer=keras.initializers.TruncatedNormal(stddev=0.02),
        )

    def encoding(self, positions: Tensor, dim: int) -> Tensor:
        return ops.take(self.table, ops.minimum(positions, self.max_length - 1), axis=0)

    def get_config(self) -> Config:
        return {**super().get_config(), "max_length": self.max_length}
