import keras

from keras_transformers.layers import Encoder
from keras_transformers.signature import register


@register("encoder", "with_its_input")
@keras.saving.register_keras_serializable(package="acme_parts")
class WithItsInput(Encoder):
    """An encoder whose output keeps what went in."""

    def call(self, x, **kwargs):
        return x + super().call(x, **kwargs)
