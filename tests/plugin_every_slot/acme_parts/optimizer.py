import keras

from keras_transformers.signature import Positive, register


@register("optimizer", "clipped_lion")
@keras.saving.register_keras_serializable(package="acme_parts")
class ClippedLion(keras.optimizers.Lion):
    """Lion, each gradient's norm clipped.

    Reference: Chen et al. 2023, https://arxiv.org/abs/2302.06675

    Args:
        clipnorm: Greatest norm of a gradient.
    """

    def __init__(self, clipnorm: Positive = 1.0, **kwargs):
        super().__init__(clipnorm=clipnorm, **kwargs)
