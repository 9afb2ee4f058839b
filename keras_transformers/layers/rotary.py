"""Rotary positions: queries and keys are turned by angles that grow with their position.

B batch, L length, H heads, K head width.
"""

import math
from typing import Annotated, Any

import keras
from keras import ops

from ..annotations import Config, Tensor
from ..signature import Count, Divides, Positive, register
from .attention import MultiHeadAttention


def rotated(x: Tensor, positions: Tensor, max_wavelength: float = 10_000.0) -> Tensor:
    """Return `x` (B, L, H, K), pair i of each head turned by the angle pos / max_wavelength^(2i/K).

    A pair is an element of the first half of the head and its like in the second; of an odd width, the last element
    stays. The product of two turned vectors tells their distance, not where they stand.

    Source: Su et al. 2021, section 3.2, https://arxiv.org/abs/2104.09864

    Args:
        x: Queries or keys.
        positions: Integers, (L,) or (B, L).
        max_wavelength: The longest period, over 2π.
    """
    half = x.shape[-1] // 2
    frequency = ops.exp(ops.arange(half, dtype="float32") * (-math.log(max_wavelength) / max(half, 1)))
    angle = ops.expand_dims(ops.cast(positions, "float32"), -1) * frequency  # (…, L, K/2)
    cos, sin = (ops.expand_dims(ops.cast(part, x.dtype), -2) for part in (ops.cos(angle), ops.sin(angle)))
    a, b, rest = ops.split(x, [half, 2 * half], axis=-1)  # the gradient of slices would fill three arrays with zeros
    return ops.concatenate([a * cos - b * sin, a * sin + b * cos, rest], axis=-1)


@register("attention", "rotary")
@keras.saving.register_keras_serializable(package="keras_transformers")
class RotaryAttention(MultiHeadAttention):
    """Multi-head attention that tells positions by turning queries and keys; no other position is needed.

    Reference: Su et al. 2021, https://arxiv.org/abs/2104.09864

    Args:
        heads: Number of heads H.
        max_wavelength: The longest period of the angles, over 2π: far beyond it, positions look alike.
    """

    def __init__(
        self,
        heads: Annotated[Count, Divides("model.dim", unless="head_dim")],
        max_wavelength: Positive = 10_000.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(heads, **kwargs)
        self.max_wavelength = max_wavelength

    def transform(self, x: Tensor, positions: Tensor) -> Tensor:
        return rotated(x, positions, self.max_wavelength)

    def get_config(self) -> Config:
        return {**super().get_config(), "max_wavelength": self.max_wavelength}
