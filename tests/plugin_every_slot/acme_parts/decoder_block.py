import keras

from keras_transformers.layers import DecoderBlock
from keras_transformers.signature import register


@register("decoder_block", "half")
@keras.saving.register_keras_serializable(package="acme_parts")
class HalfDecoderBlock(DecoderBlock):
    """A decoder block of which half is added to what went in."""

    def call(self, x, memory=None, **kwargs):
        return 0.5 * (x + super().call(x, memory, **kwargs))

    def step(self, x, *args, **kwargs):
        made, cache = super().step(x, *args, **kwargs)
        return 0.5 * (x + made), cache
