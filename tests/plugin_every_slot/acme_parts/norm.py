import keras
from keras import ops

from keras_transformers.signature import register


@register("norm", "scale_norm")
@keras.saving.register_keras_serializable(package="acme_parts")
class ScaleNorm(keras.layers.Layer):
    """Vectors of one length, which is learnt.

    Reference: Nguyen and Salazar 2019, https://arxiv.org/abs/1910.05895
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def build(self, input_shape):
        start = keras.initializers.Constant(input_shape[-1] ** 0.5)
        self.length = self.add_weight(name="length", shape=(), initializer=start)

    def call(self, inputs):
        x = ops.cast(inputs, "float32")
        size = ops.sqrt(ops.sum(ops.square(x), axis=-1, keepdims=True) + 1e-6)
        return ops.cast(x / size, self.compute_dtype) * self.length

    def compute_output_shape(self, input_shape):
        return tuple(input_shape)
