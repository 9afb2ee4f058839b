import keras

from keras_transformers.layers import FeedForward
from keras_transformers.layers.linear import Linear
from keras_transformers.signature import register


@register("feed_forward", "gated")
@keras.saving.register_keras_serializable(package="acme_parts")
class Gated(FeedForward):
    """A feed-forward network whose inner layer is multiplied by a gate.

    Reference: Shazeer 2020, https://arxiv.org/abs/2002.05202
    """

    def build(self, input_shape):
        super().build(input_shape)
        self.gate = Linear(self.hidden_dim, activation="sigmoid", dtype=self.dtype_policy, name="gate")
        self.gate.build(input_shape)

    def call(self, inputs, training=None):
        return self.contract(self.drop(self.expand(inputs) * self.gate(inputs), training=training))
