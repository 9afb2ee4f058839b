"""Normalization layers; their statistics are float32 whatever the compute dtype.

N tokens, D model width.
"""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from ..annotations import Tensor
from ..signature import Positive, register
from .linear import as_leading


@register("norm", "layer_norm")
@keras.saving.register_keras_serializable(package="keras_transformers")
class LayerNorm(keras.layers.LayerNormalization):
    """Subtracts the mean, divides by the standard deviation, then scales and shifts.

    Reference: Ba et al. 2016, https://arxiv.org/abs/1607.06450

    Args:
        epsilon: Added to the variance.
    """

    def __init__(self, epsilon: Positive = 1e-6, **kwargs: Any) -> None:
        super().__init__(epsilon=epsilon, **kwargs)

    def call(self, inputs: Tensor) -> Tensor:
        """Normalize the last axis of (..., D)."""
        flat = ops.cast(ops.reshape(inputs, (-1, inputs.shape[-1])), "float32")
        gamma, beta = ops.cast(self.gamma, "float32"), ops.cast(self.beta, "float32")
        outputs = layer_norm(flat, gamma, beta, self.epsilon)
        return ops.reshape(ops.cast(outputs, self.compute_dtype), as_leading(inputs, inputs.shape[-1]))


def layer_norm(x: Tensor, gamma: Tensor, beta: Tensor, epsilon: float) -> Tensor:
    """Return γ (x − mean) / √(variance + ε) + β for each row of `x` (N, D), float32.

    Its gradient is written out, since automatic differentiation reads and writes (N, D) about
    twice as often: with x̂ the normalized rows, g the gradient of the outputs and ⟨·⟩ a mean over D,
    ∂x = (γg − ⟨γg⟩ − x̂⟨γg x̂⟩) / √(variance + ε), ∂γ = Σ g x̂, ∂β = Σ g.
    """

    def normalize(x: Tensor, gamma: Tensor, beta: Tensor) -> tuple[Tensor, Callable[..., tuple[Tensor, ...]]]:
        centred = x - ops.mean(x, axis=-1, keepdims=True)
        variance = ops.mean(ops.square(centred), axis=-1, keepdims=True)
        scale = ops.rsqrt(variance + epsilon)  # (N, 1)
        normal = centred * scale

        def gradient(*args: Tensor, upstream: Tensor | None = None) -> tuple[Tensor, ...]:
            (g,) = args or (upstream,)
            product = g * normal
            width = x.shape[-1]
            column = ops.expand_dims(gamma, 1) / width
            mean = ops.matmul(g, column)  # ⟨γg⟩, (N, 1)
            slope = ops.matmul(product, column)  # ⟨γg x̂⟩, (N, 1)
            dx = scale * (g * gamma - mean - normal * slope)
            return dx, ops.sum(product, axis=0), ops.sum(g, axis=0)

        return normal * gamma + beta, gradient

    return ops.custom_gradient(normalize)(x, gamma, beta)


@register("norm", "rms_norm")
@keras.saving.register_keras_serializable(package="keras_transformers")
class RMSNorm(keras.layers.RMSNormalization):
    """Divides by the root mean square, then scales.

    Reference: Zhang and Sennrich 2019, https://arxiv.org/abs/1910.07467

    Args:
        epsilon: Added to the mean square.
    """

    def __init__(self, epsilon: Positive = 1e-6, **kwargs: Any) -> None:
        super().__init__(epsilon=epsilon, **kwargs)
        self.supports_masking = True  # Keras's own says so of LayerNormalization only
