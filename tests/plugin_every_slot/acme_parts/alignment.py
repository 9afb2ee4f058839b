import keras
from keras import ops

from keras_transformers.layers import Alignment
from keras_transformers.signature import Positive, register


@register("alignment", "cosine")
@keras.saving.register_keras_serializable(package="acme_parts")
class Cosine(Alignment):
    """The cosine of target and source, sharpened.

    Reference: Graves et al. 2014, section 3.3.1, https://arxiv.org/abs/1410.5401

    Args:
        sharpness: What the cosine is multiplied by.
    """

    def __init__(self, sharpness: Positive = 5.0, **kwargs):
        super().__init__(**kwargs)
        self.sharpness = sharpness

    def keys(self, source):
        return ops.normalize(source, axis=-1)

    def scores(self, query, keys):
        return self.sharpness * ops.matmul(ops.normalize(query, axis=-1), ops.transpose(keys, (0, 2, 1)))

    def get_config(self):
        return {**super().get_config(), "sharpness": self.sharpness}
