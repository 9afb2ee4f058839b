"""From ids to vectors: what models begin with.

B batch, T length, D model width.
"""

from typing import Any

from keras import ops

from ..annotations import Config, Layer, Shape, Tensor
from ..layers.compose import build_once
from ..layers.dropout import Dropout
from ..layers.masks import MaskedLayer


class Embed(MaskedLayer):
    """Embedding, plus position, then dropout."""

    def __init__(self, embedding: Layer, position: Layer | None, dropout: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.embedding = embedding
        self.position = position
        self.drop = Dropout(dropout, dtype=self.dtype_policy)

    def build(self, ids_shape: Shape) -> None:
        build_once(self.embedding, ids_shape)
        if self.position is not None:
            build_once(self.position, (*ids_shape, self.embedding.dim))

    def call(self, ids: Tensor, positions: Tensor | None = None, training: bool | None = None) -> Tensor:
        """Map ids (B, T) at `positions`, (T,) or (B, T), by default 0 … T-1, to vectors (B, T, D)."""
        x = self.embedding(ids)
        if self.position is not None:
            x = self.position(x, positions=ops.arange(ops.shape(ids)[1]) if positions is None else positions)
        return self.drop(x, training=training)

    def compute_output_shape(self, ids_shape: Shape) -> Any:
        return (*ids_shape, self.embedding.dim)

    def get_config(self) -> Config:
        raise NotImplementedError(
            "A layer that shares its embedding cannot be copied alone, as `keras.models.clone_model` tries: copy the "
            "model with `type(model).from_config(model.get_config())`."
        )
