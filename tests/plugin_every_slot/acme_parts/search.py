import tensorflow as tf

from keras_transformers.decoding.greedy import Greedy
from keras_transformers.signature import Count, register


@register("search", "short")
class Short(Greedy):
    """Greedy search of at most some tokens.

    Args:
        most: Tokens of an output.
    """

    def __init__(self, most: Count = 20):
        super().__init__()
        self.most = most

    def limit(self, lengths):
        return tf.minimum(super().limit(lengths), self.most)
