"""Token embeddings shared by source, target and output.

B batch, T length, D model width, V vocabulary size.
"""

import math

import keras
from keras import ops

from ..signature import Count


@keras.saving.register_keras_serializable(package="keras_transformers")
class ScaledEmbedding(keras.layers.Layer):
    """One (V, D) matrix that embeds ids, times √D, and turns outputs into logits.

    Registered as `embedding/scaled`.

    Reference: Vaswani et al. 2017, section 3.4; Press and Wolf 2017, https://arxiv.org/abs/1608.05859

    Args:
        vocab_size: Number of tokens V; by default the model's.
        dim: Width D; by default the model's.
    """

    def __init__(self, vocab_size: Count | None = None, dim: Count | None = None, **kwargs):
        super().__init__(**kwargs)
        self.vocab_size = vocab_size
        self.dim = dim

    def build(self, input_shape=None):
        self.table = self.add_weight(
            name="table",
            shape=(self.vocab_size, self.dim),
            initializer=keras.initializers.RandomNormal(stddev=self.dim**-0.5),
        )

    def call(self, ids):
        """Map ids (B, T) to vectors (B, T, D)."""
        return ops.cast(ops.take(self.table, ids, axis=0), self.compute_dtype) * math.sqrt(self.dim)

    def compute_output_spec(self, ids):
        return keras.KerasTensor((*ids.shape, self.dim), dtype=self.compute_dtype)

    def logits(self, x):
        """Map outputs (B, T, D) to float32 logits (B, T, V): the products with every embedding."""
        flat = ops.reshape(x, (-1, self.dim))
        table = ops.cast(self.table, self.compute_dtype)
        logits = ops.cast(ops.matmul(flat, ops.transpose(table)), "float32")
        return ops.reshape(logits, (*ops.shape(x)[:-1], self.vocab_size))

    def get_config(self):
        return {**super().get_config(), "vocab_size": self.vocab_size, "dim": self.dim}
