import keras

from keras_transformers.layers import Decoder
from keras_transformers.signature import register


@register("decoder", "doubled")
@keras.saving.register_keras_serializable(package="acme_parts")
class Doubled(Decoder):
    """A decoder that says what its blocks say twice as loud."""

    def call(self, x, memory=None, **kwargs):
        return 2.0 * super().call(x, memory, **kwargs)

    def step(self, x, *args, **kwargs):
        x, state = super().step(x, *args, **kwargs)
        return 2.0 * x, state
