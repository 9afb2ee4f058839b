import keras
from keras import ops

from keras_transformers.losses import TokenCrossEntropy
from keras_transformers.signature import Positive, register


@register("loss", "focal_tokens")
@keras.saving.register_keras_serializable(package="acme_parts")
class FocalTokens(TokenCrossEntropy):
    """Cross-entropy of tokens that cares less for those that are easy.

    Reference: Lin et al. 2017, https://arxiv.org/abs/1708.02002

    Args:
        gamma: How much less.
    """

    def __init__(self, gamma: Positive = 1.0, **kwargs):
        super().__init__(**kwargs)
        self.gamma = gamma

    def call(self, labels, logits):
        losses = super().call(labels, logits)
        return losses * (1.0 - ops.exp(-losses)) ** self.gamma

    def get_config(self):
        return {**super().get_config(), "gamma": self.gamma}
