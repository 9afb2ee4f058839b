import keras

from keras_transformers.layers import SinusoidalPosition
from keras_transformers.signature import register


@register("position", "scaled_sinusoidal")
@keras.saving.register_keras_serializable(package="acme_parts")
class ScaledSinusoidal(SinusoidalPosition):
    """Sines and cosines, by a factor that is learnt."""

    def build(self, input_shape):
        super().build(input_shape)
        self.scale = self.add_weight(name="position_scale", shape=(), initializer="ones")

    def encoding(self, positions, dim):
        return self.scale * super().encoding(positions, dim)
