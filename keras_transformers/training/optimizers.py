"""Adam and AdamW as one fused kernel, right under `tf.distribute` (slot `optimizer`)."""

from typing import Any

import keras
import tensorflow as tf

from ..annotations import Tensor
from ..signature import Fraction, Positive, register
from .keras_private import ClipsTheSum, DecaysInItsUpdate


@register("optimizer", "adam")
@keras.saving.register_keras_serializable(package="keras_transformers")
class Adam(ClipsTheSum, keras.optimizers.Adam):
    """Adam, with gradients clipped by their global norm.

    Differs from `keras.optimizers.Adam` in two ways: an update is one TensorFlow kernel a
    variable, not a dozen; and under a strategy gradients are summed over the replicas before they
    are clipped, so that the threshold means the same on any number of devices.

    Reference: Kingma and Ba 2015, https://arxiv.org/abs/1412.6980

    Args:
        beta_1: Decay of the mean of gradients.
        beta_2: Decay of the mean of squared gradients.
        epsilon: Added to the root of the mean of squares.
        clip_norm: Greatest global norm of the gradients; none: not clipped.

    Attributes:
        rate_scales: `{variable.path: factor on the learning rate}`; 1 for a variable not in it.
    """

    gives = ("rate_scales",)

    def __init__(
        self,
        beta_1: Fraction = 0.9,
        beta_2: Fraction = 0.999,
        epsilon: Positive = 1e-7,
        clip_norm: Positive | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs.setdefault("global_clipnorm", clip_norm)
        super().__init__(beta_1=beta_1, beta_2=beta_2, epsilon=epsilon, **kwargs)
        self.rate_scales: dict[str, float] = {}

    def update_step(self, gradient: Tensor, variable: Any, learning_rate: Tensor) -> None:
        """Update `variable` (a `tf.Variable`) from its `gradient`."""
        index = self._get_variable_index(variable)
        scale = self.rate_scales.get(self._trainable_variables[index].path, 1.0)
        self.update_scaled(gradient, variable, tf.cast(learning_rate, tf.float32) * scale)

    def update_scaled(self, gradient: Tensor, variable: Any, learning_rate: Tensor) -> None:
        """Update `variable` from its `gradient` at its own learning rate, float32."""
        index = self._get_variable_index(variable)
        mean, square = self._momentums[index].value, self._velocities[index].value
        step = tf.cast(self.iterations.value + 1, tf.float32)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=mean.handle,
            v=square.handle,
            beta1_power=self.beta_1**step,
            beta2_power=self.beta_2**step,
            lr=learning_rate,
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=tf.convert_to_tensor(gradient),
        )


@register("optimizer", "adamw")
@keras.saving.register_keras_serializable(package="keras_transformers")
class AdamW(DecaysInItsUpdate, Adam):
    """Adam with decoupled weight decay, of matrices only: not of biases and normalization.

    Reference: Loshchilov and Hutter 2019, https://arxiv.org/abs/1711.05101

    Args:
        weight_decay: Share of a weight that a step takes away, times the learning rate.
        beta_1: Decay of the mean of gradients.
        beta_2: Decay of the mean of squared gradients.
        epsilon: Added to the root of the mean of squares.
        clip_norm: Greatest global norm of the gradients; none: not clipped.

    Attributes:
        rate_scales: As of `Adam`; a scaled rate scales the decay with it.
    """

    def __init__(
        self,
        weight_decay: Fraction = 0.01,
        beta_1: Fraction = 0.9,
        beta_2: Fraction = 0.999,
        epsilon: Positive = 1e-6,
        clip_norm: Positive | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs.update(weight_decay=weight_decay, clip_norm=clip_norm)
        super().__init__(beta_1=beta_1, beta_2=beta_2, epsilon=epsilon, **kwargs)

    def update_scaled(self, gradient: Tensor, variable: Any, learning_rate: Tensor) -> None:
        if self.weight_decay and self._use_weight_decay(variable):
            variable.assign_sub(variable * (learning_rate * self.weight_decay))
        super().update_scaled(gradient, variable, learning_rate)
