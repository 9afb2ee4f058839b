import keras

from keras_transformers.models.initialization import Initialization
from keras_transformers.signature import Positive, register


@register("initialization", "small_outputs")
@keras.saving.register_keras_serializable(package="acme_parts")
class SmallOutputs(Initialization):
    """What blocks add begins small.

    Args:
        scale: Factor on the kernels of their last layers.
    """

    def __init__(self, scale: Positive = 0.5):
        self.scale = scale

    def apply(self, model):
        for block in model.encoder.blocks:
            kernel = block.feed_forward.contract.kernel
            kernel.assign(self.scale * kernel)

    def get_config(self):
        return {"scale": self.scale}
