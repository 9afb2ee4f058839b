import keras

from keras_transformers.models.transformer import Transformer
from keras_transformers.signature import Decoder, Encoder, register


@register("model", "deep_encoder")
@keras.saving.register_keras_serializable(package="acme_parts")
class DeepEncoder(Transformer):
    """A Transformer whose decoder is no deeper than its encoder.

    Reference: Kasai et al. 2021, https://arxiv.org/abs/2006.10369
    """

    def __init__(self, encoder: Encoder, decoder: Decoder, **kwargs):
        if len(decoder.layers) > len(encoder.layers):
            raise ValueError("the decoder must not be deeper than the encoder")
        super().__init__(encoder=encoder, decoder=decoder, **kwargs)
