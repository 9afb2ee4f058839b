"""Muon: matrices move by their momentum made orthogonal, all else by AdamW."""

import math
from typing import Annotated, Any, Literal

import keras
import tensorflow as tf

from ..annotations import Tensor
from ..signature import Fraction, Given, Positive, register
from .optimizers import AdamW

_COEFFICIENTS = 3.4445, -4.7750, 2.0315  # of Jordan's quintic, which brings singular values near 1 fastest
_STEPS = 5
_LIKE_ADAM = 0.2  # the root mean square of an update of Adam's


def orthogonal(matrix: Tensor, dtype: str = "float32") -> Tensor:
    """Return a float32 matrix of the same shape with nearly orthonormal rows or columns, whichever are fewer.

    It is U Vᵀ of the singular value decomposition U S Vᵀ, but for singular values of 0.7 to 1.2 instead of 1, by five
    steps of Newton and Schulz.

    Source: Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/

    Args:
        matrix: Float32, of known shape.
        dtype: What the steps are computed in; bfloat16 is near enough.
    """
    tall = matrix.shape[0] > matrix.shape[1]
    x = tf.transpose(matrix) if tall else matrix
    x = tf.cast(x / (tf.norm(x) + 1e-7), dtype)
    a, b, c = _COEFFICIENTS
    for _ in range(_STEPS):
        square = tf.matmul(x, x, transpose_b=True)
        x = a * x + tf.matmul(b * square + c * tf.matmul(square, square), x)
    return tf.cast(tf.transpose(x) if tall else x, tf.float32)


@register("optimizer", "muon")
@keras.saving.register_keras_serializable(package="keras_transformers")
class Muon(AdamW):
    """Muon for the kernels of dense layers, AdamW for embeddings, outputs, biases and normalization.

    It learns from the same text in fewer updates than AdamW. An update of a kernel is as large as one of Adam's, so the
    same rate and decay serve both, as Liu et al. 2025 do it (https://arxiv.org/abs/2502.16982).

    Reference: Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/

    Args:
        momentum: Decay of the sum of gradients whose direction a kernel takes.
        precision: What that direction is computed in; by default as the training computes.
        weight_decay: Share of a weight that a step takes away, times the learning rate.
        beta_1: Decay of the mean of gradients, of what is not a kernel.
        beta_2: Decay of the mean of squared gradients, of what is not a kernel.
        epsilon: Added to the root of the mean of squares.
        clip_norm: Greatest global norm of the gradients; none: not clipped.

    Attributes:
        rate_scales: As of `AdamW`.
    """

    def __init__(
        self,
        momentum: Fraction = 0.95,
        precision: Annotated[Literal["float32", "mixed_bfloat16"], Given("training.precision")] | None = None,
        weight_decay: Fraction = 0.01,
        beta_1: Fraction = 0.9,
        beta_2: Fraction = 0.999,
        epsilon: Positive = 1e-6,
        clip_norm: Positive | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(weight_decay, beta_1, beta_2, epsilon, clip_norm, **kwargs)
        self.momentum = momentum
        self.precision = precision

    def update_scaled(self, gradient: Tensor, variable: Any, learning_rate: Tensor) -> None:
        index = self._get_variable_index(variable)
        if not is_kernel(self._trainable_variables[index]):
            super().update_scaled(gradient, variable, learning_rate)
            return
        sum_ = self._momentums[index].value
        sum_.assign(self.momentum * sum_ + gradient)
        dtype = "bfloat16" if self.precision == "mixed_bfloat16" else "float32"
        direction = orthogonal(gradient + self.momentum * sum_, dtype)  # Nesterov's
        if self.weight_decay and self._use_weight_decay(variable):
            variable.assign_sub(variable * (learning_rate * self.weight_decay))
        variable.assign_sub(direction * (learning_rate * _LIKE_ADAM * math.sqrt(max(variable.shape))))

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "momentum": self.momentum, "precision": self.precision}


def is_kernel(variable: Any) -> bool:
    """Tell whether a Keras variable is the matrix of a dense layer inside the model, not of its output."""
    layer, name = ("/" + variable.path).rsplit("/", 2)[-2:]
    return name == "kernel" and len(variable.shape) == 2 and layer != "logits"
