"""An attention of one's own, in one file: heads that talk to one another.

    keras-transformers train dates --run runs/talking --plugin examples/talking_heads.py \
        --set 'model.encoder.block.attention={type: talking_heads, heads: 4}'
"""

from keras import ops

import keras_transformers as kt
from keras_transformers.layers import MultiHeadAttention


@kt.register("attention", "talking_heads", reference="Shazeer et al. 2020, https://arxiv.org/abs/2003.02436")
class TalkingHeads(MultiHeadAttention):
    """Multi-head attention whose heads mix their scores before the softmax and their weights after it."""

    def build(self, query_shape, source_shape=None):
        super().build(query_shape, source_shape)
        square = (self.heads, self.heads)
        self.mix_scores = self.add_weight(name="mix_scores", shape=square, initializer="identity")
        self.mix_weights = self.add_weight(name="mix_weights", shape=square, initializer="identity")

    def scores(self, query, key):
        return ops.einsum("bhts,hg->bgts", super().scores(query, key), self.mix_scores)

    def normalize(self, scores, mask):
        return ops.einsum("bhts,hg->bgts", super().normalize(scores, mask), self.mix_weights)
