import keras

from keras_transformers.layers import EncoderBlock
from keras_transformers.signature import register


@register("encoder_block", "scaled")
@keras.saving.register_keras_serializable(package="acme_parts")
class ScaledEncoderBlock(EncoderBlock):
    """An encoder block whose change is scaled, each coordinate by a weight.

    Reference: Touvron et al. 2021 (LayerScale), https://arxiv.org/abs/2103.17239
    """

    def build(self, input_shape, *_):
        super().build(input_shape)
        self.scale = self.add_weight(name="scale", shape=(input_shape[-1],), initializer="ones")

    def call(self, x, **kwargs):
        return x + self.scale * (super().call(x, **kwargs) - x)
