"""Token embeddings: one table that turns ids into vectors, and outputs into logits.

B batch, T length, D model width, V vocabulary size.
"""

import math
from typing import Annotated, Any

import keras
from keras import ops

from ..annotations import Config, Shape, Tensor
from ..signature import Exactly, ModelDim, ModelVocabSize, register
from .initializer import truncated_normal
from .linear import as_leading
from .masks import MaskedLayer


class Embedding(MaskedLayer):
    """Abstract: a (V, D) `table` that embeds ids, and whose transpose turns outputs into logits.

    Subclasses say with `initializer()` how the table begins.

    Source of the tied output: Press and Wolf 2017, https://arxiv.org/abs/1608.05859

    Args:
        vocab_size: Number of tokens V; by default the model's.
        dim: Width D; by default the model's.
    """

    def __init__(
        self,
        vocab_size: ModelVocabSize | None = None,
        dim: Annotated[ModelDim, Exactly("model.dim")] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.vocab_size: Any = vocab_size  # a number, given here or by the recipe's model
        self.dim: Any = dim

    def build(self, input_shape: Shape | None = None) -> None:
        shape = (self.vocab_size, self.dim)
        self.table = self.add_weight(name="table", shape=shape, initializer=self.initializer())

    def call(self, ids: Tensor) -> Tensor:
        """Map ids (B, T) to vectors (B, T, D)."""
        return ops.cast(ops.take(self.table, ids, axis=0), self.compute_dtype)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape, self.dim)

    def logits(self, x: Tensor) -> Tensor:
        """Map outputs (B, T, D) to float32 logits (B, T, V): the products with every embedding."""
        flat = ops.reshape(x, (-1, self.dim))
        table = ops.cast(self.table, self.compute_dtype)
        logits = ops.cast(ops.matmul(flat, ops.transpose(table)), "float32")
        return ops.reshape(logits, as_leading(x, self.vocab_size))

    def get_config(self) -> Config:
        return {**super().get_config(), "vocab_size": self.vocab_size, "dim": self.dim}


@register("embedding", "scaled")
@keras.saving.register_keras_serializable(package="keras_transformers")
class ScaledEmbedding(Embedding):
    """One (V, D) matrix that embeds ids, times √D, and turns outputs into logits.

    Reference: Vaswani et al. 2017, section 3.4; Press and Wolf 2017, https://arxiv.org/abs/1608.05859
    """

    def initializer(self) -> Any:
        return keras.initializers.RandomNormal(stddev=self.dim**-0.5)

    def call(self, ids: Tensor) -> Tensor:
        return super().call(ids) * math.sqrt(self.dim)


@register("embedding", "token")
@keras.saving.register_keras_serializable(package="keras_transformers")
class TokenEmbedding(Embedding):
    """One (V, D) matrix that embeds ids as they are, and turns outputs into logits.

    Reference: Devlin et al. 2018, https://arxiv.org/abs/1810.04805
    """

    def initializer(self) -> Any:
        return truncated_normal()
