"""Output projections: from a decoder's outputs to logits, by the embedding or by a matrix of its own.

B batch, T length, D model width, V vocabulary size.
"""

from typing import Any

import keras
from keras import ops

from ..annotations import Layer, Shape, Tensor
from ..layers.embedding import Embedding
from ..layers.initializer import truncated_normal
from ..layers.linear import as_leading
from ..layers.masks import MaskedLayer


class OutputLayer(MaskedLayer):
    """Abstract: maps states (B, T, D) to float32 logits (B, T, V).

    Args:
        vocab_size: V.
        bias: Whether each token's logit has a trained number added.
    """

    def __init__(self, vocab_size: int, bias: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.vocab_size = vocab_size
        self.has_bias = bias

    def build(self, states_shape: Shape) -> None:
        if self.has_bias:
            self.bias = self.add_weight(name="bias", shape=(self.vocab_size,), initializer="zeros")

    def products(self, states: Tensor) -> Tensor:
        """Return the products (B, T, V) of states (B, T, D) with each token's vector, float32."""
        raise NotImplementedError

    def matrix(self) -> Tensor | None:
        """Return the tokens' vectors (D, V) in the dtype of the products, or None if they are not products of those."""
        raise NotImplementedError

    def call(self, states: Tensor, matrix: Tensor | None = None) -> Tensor:
        """Map states (B, T, D) to float32 logits (B, T, V).

        Args:
            states: The decoder's outputs.
            matrix: From `matrix()`, where one is used many times.
        """
        logits = self.products(states) if matrix is None else product(states, matrix)
        return logits + ops.cast(self.bias, "float32") if self.has_bias else logits

    def compute_output_spec(self, states: Tensor, matrix: Tensor | None = None) -> Any:
        return keras.KerasTensor(self.compute_output_shape(states.shape), dtype="float32")

    def compute_output_shape(self, states_shape: Shape) -> Any:
        return (*states_shape[:-1], self.vocab_size)


class Logits(OutputLayer):
    """The transpose of the embedding, as the output projection.

    Args:
        embedding: An `Embedding`.
        bias: Whether each token's logit has a trained number added.
    """

    def __init__(self, embedding: Layer, bias: bool = False, **kwargs: Any) -> None:
        super().__init__(embedding.vocab_size, bias, **kwargs)
        self.embedding = embedding

    def products(self, states: Tensor) -> Tensor:
        logits: Tensor = self.embedding.logits(states)
        return logits

    def matrix(self) -> Tensor | None:
        if type(self.embedding).logits is not Embedding.logits:
            return None
        return ops.transpose(ops.cast(self.embedding.table, self.embedding.compute_dtype))


class FreeLogits(OutputLayer):
    """An output projection of its own (D, V).

    Args:
        vocab_size: V.
        bias: Whether each token's logit has a trained number added.
        initializer: How the matrix begins; by default as BERT's.
    """

    def __init__(self, vocab_size: int, bias: bool = False, initializer: Any = None, **kwargs: Any) -> None:
        super().__init__(vocab_size, bias, **kwargs)
        self.initializer = initializer

    def build(self, states_shape: Shape) -> None:
        shape = (states_shape[-1], self.vocab_size)
        initializer = truncated_normal() if self.initializer is None else self.initializer
        self.kernel = self.add_weight(name="kernel", shape=shape, initializer=initializer)
        super().build(states_shape)

    def products(self, states: Tensor) -> Tensor:
        return product(states, self.matrix())

    def matrix(self) -> Tensor:
        return ops.cast(self.kernel, self.compute_dtype)


def product(states: Tensor, matrix: Tensor) -> Tensor:
    """Return the products (B, T, V) of states (B, T, D) and a matrix (D, V), float32."""
    flat = ops.cast(ops.reshape(states, (-1, states.shape[-1])), matrix.dtype)
    return ops.reshape(ops.cast(ops.matmul(flat, matrix), "float32"), as_leading(states, matrix.shape[-1]))
