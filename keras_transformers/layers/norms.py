"""Normalization layers; their statistics are float32 whatever the compute dtype."""

import keras

from ..signature import Positive


@keras.saving.register_keras_serializable(package="keras_transformers")
class LayerNorm(keras.layers.LayerNormalization):
    """Subtracts the mean, divides by the standard deviation, then scales and shifts.

    Registered as `norm/layer_norm`.

    Reference: Ba et al. 2016, https://arxiv.org/abs/1607.06450

    Args:
        epsilon: Added to the variance.
    """

    def __init__(self, epsilon: Positive = 1e-6, **kwargs):
        super().__init__(epsilon=epsilon, **kwargs)


@keras.saving.register_keras_serializable(package="keras_transformers")
class RMSNorm(keras.layers.RMSNormalization):
    """Divides by the root mean square, then scales.

    Registered as `norm/rms_norm`.

    Reference: Zhang and Sennrich 2019, https://arxiv.org/abs/1910.07467

    Args:
        epsilon: Added to the mean square.
    """

    def __init__(self, epsilon: Positive = 1e-6, **kwargs):
        super().__init__(epsilon=epsilon, **kwargs)
