"""Positions: what is added to the embeddings so that order matters.

B batch, T length, D model width. Positions are integers counted from 0: (T,) or, where rows stand at positions of
their own, (B, T).
"""

import math
from typing import Annotated, Any, Literal

import keras
from keras import ops

from ..annotations import Config, Shape, Tensor
from ..signature import AtLeast, Count, Even, Natural, Need, register
from .compose import width_of
from .masks import MaskedLayer


def sinusoids(
    positions: Tensor,
    dim: int,
    max_wavelength: float = 10_000.0,
    layout: Literal["interleaved", "halves"] = "interleaved",
    endpoint: bool = False,
) -> Tensor:
    """Return PE(pos, 2i) = sin(pos / 10000^(2i/D)), PE(pos, 2i+1) = cos(the same), (T, D) or (B, T, D), float32.

    Float32 whatever the compute dtype: bfloat16 cannot tell position 257 from 256.

    Args:
        positions: Integers (T,) or (B, T).
        dim: D, even.
        max_wavelength: What the longest wavelength is less than, in units of 2π.
        layout: `interleaved` as above; `halves`: the D/2 sines, then the D/2 cosines.
        endpoint: Whether the last i has that longest wavelength: the exponent is then i / (D/2 - 1), not 2i / D.

    Source: Vaswani et al. 2017, section 3.5, https://arxiv.org/abs/1706.03762
    """
    pair = ops.arange(dim // 2, dtype="float32")  # i
    steps = max(dim // 2 - 1, 1) if endpoint else dim / 2
    frequency = ops.exp(pair * (-math.log(max_wavelength) / steps))
    angle = ops.expand_dims(ops.cast(positions, "float32"), -1) * frequency  # (…, T, D/2)
    if layout == "halves":
        return ops.concatenate([ops.sin(angle), ops.cos(angle)], axis=-1)
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

    Others than the paper arrange and count them otherwise: OpenNMT-py as the paper; tensor2tensor `halves` with
    `endpoint`, from 0; OpenNMT-tf the same, from 1; fairseq the same, from 2; Marian as CTranslate2 and Hugging Face
    read it `halves`, from 0.

    Reference: Vaswani et al. 2017, section 3.5, https://arxiv.org/abs/1706.03762

    Args:
        layout: `interleaved`: sine and cosine of a wavelength side by side, as in the paper; `halves`: all sines, then
            all cosines.
        first: The number that the first position has in the formula.
        endpoint: Whether the longest wavelength is 10000·2π itself, where the paper's comes near it.

    Raises:
        ValueError: The width of the inputs is odd.
    """

    needs = (Need("model.dim", Even),)

    def __init__(
        self,
        layout: Literal["interleaved", "halves"] = "interleaved",
        first: Natural = 0,
        endpoint: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.layout = layout
        self.first = first
        self.endpoint = endpoint

    def build(self, input_shape: Shape) -> None:
        if width_of(input_shape) % 2:
            raise ValueError(f"Sinusoidal positions need an even width, but `dim` is {input_shape[-1]}.")
        self.built = True

    def encoding(self, positions: Tensor, dim: int) -> Tensor:
        return sinusoids(positions + self.first, dim, layout=self.layout, endpoint=self.endpoint)

    def get_config(self) -> Config:
        return {**super().get_config(), "layout": self.layout, "first": self.first, "endpoint": self.endpoint}


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
