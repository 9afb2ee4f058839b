"""Talking-heads attention.

B batch, T target length, S source length, H heads.
"""

import keras
from keras import ops

from keras_transformers.layers import MultiHeadAttention
from keras_transformers.signature import Positive, register


@register("attention", "talking_heads")
@keras.saving.register_keras_serializable(package="acme_attention")
class TalkingHeads(MultiHeadAttention):
    """Multi-head attention whose heads mix their scores before the softmax.

    Reference: Shazeer et al. 2020, https://arxiv.org/abs/2003.02436

    Args:
        gain: Diagonal of the initial mixing matrix; 1 starts as plain multi-head attention.
    """

    def __init__(self, gain: Positive = 1.0, **kwargs):
        super().__init__(**kwargs)
        self.gain = gain

    def build(self, query_shape, source_shape=None):
        super().build(query_shape, source_shape)
        initializer = keras.initializers.Identity(gain=self.gain)
        self.mixing = self.add_weight(shape=(self.heads, self.heads), initializer=initializer, name="mixing")

    def scores(self, query, key):
        """Return the scores (B, H, T, S) with the heads mixed."""
        mixing = ops.cast(self.mixing, self.compute_dtype)
        return ops.einsum("bgts,gh->bhts", super().scores(query, key), mixing)

    def get_config(self):
        return {**super().get_config(), "gain": self.gain}
