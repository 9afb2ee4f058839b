from functools import lru_cache

import tensorflow as tf

from keras_transformers.signature import register
from keras_transformers.training.strategy import Strategy


@register("strategy", "on_first")
class OnFirst(Strategy):
    """A replica on the first CPU, alone."""

    def make(self):
        return _on("CPU:0")


@lru_cache
def _on(device):
    return tf.distribute.MirroredStrategy([device])
