import keras
from keras import ops

from keras_transformers.layers import TokenEmbedding
from keras_transformers.signature import register


@register("embedding", "unit")
@keras.saving.register_keras_serializable(package="acme_parts")
class UnitEmbedding(TokenEmbedding):
    """Token embeddings whose vectors have the length of one per coordinate."""

    def call(self, ids):
        vectors = super().call(ids)
        size = ops.sqrt(ops.mean(ops.square(ops.cast(vectors, "float32")), axis=-1, keepdims=True) + 1e-6)
        return vectors / ops.cast(size, vectors.dtype)
