import keras
from keras import ops

from keras_transformers.layers import MultiHeadAttention
from keras_transformers.signature import Positive, register


@register("attention", "nearby")
@keras.saving.register_keras_serializable(package="acme_parts")
class Nearby(MultiHeadAttention):
    """Multi-head attention that cares less for what is far away, each head by a slope of its own.

    Reference: Press et al. 2022 (ALiBi), https://arxiv.org/abs/2108.12409

    Args:
        slope: Of the first head; the next has half of it.
    """

    def __init__(self, slope: Positive = 0.5, **kwargs):
        super().__init__(**kwargs)
        self.slope = slope

    def bias(self, query_positions, key_positions):
        far = ops.abs(ops.expand_dims(query_positions, -1) - ops.expand_dims(key_positions, -2))
        slopes = ops.convert_to_tensor([self.slope / 2**head for head in range(self.heads)], "float32")
        return -slopes[:, None, None] * ops.expand_dims(ops.cast(far, "float32"), -3)

    def get_config(self):
        return {**super().get_config(), "slope": self.slope}
