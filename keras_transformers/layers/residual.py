"""The residual connection and its normalization, written once for every sublayer."""

import enum
from typing import Any, Self

import keras
from keras import ops

from ..annotations import Config, Layer, Shape, Tensor
from ..signature import Rate
from .compose import build_once, revive
from .dropout import Dropout
from .masks import MaskedLayer


class NormOrder(enum.StrEnum):
    """Where the normalization stands."""

    POST = "post"
    """norm(x + f(x)): Vaswani et al. 2017, https://arxiv.org/abs/1706.03762"""

    PRE = "pre"
    """x + f(norm(x)): Xiong et al. 2020, https://arxiv.org/abs/2002.04745"""


@keras.saving.register_keras_serializable(package="keras_transformers")
class Residual(MaskedLayer):
    """Wraps a sublayer f: `y = residual(x, f(residual.enter(x)))`.

    post: norm(x + dropout(f(x)));  pre: x + dropout(f(norm(x))).

    Args:
        norm: A normalization layer.
        norm_order: `pre` or `post`.
        dropout: Rate of dropout on the sublayer's output.
    """

    def __init__(self, norm: Layer, norm_order: str = "post", dropout: Rate = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.norm = norm
        self.norm_order = NormOrder(norm_order)
        self.dropout = dropout
        self.drop = Dropout(dropout, dtype=self.dtype_policy)

    def build(self, input_shape: Shape, *_: Any) -> None:
        build_once(self.norm, input_shape)

    def enter(self, x: Tensor) -> Tensor:
        """Return what the sublayer sees."""
        return self.norm(x) if self.norm_order is NormOrder.PRE else x

    def call(self, x: Tensor, sublayer_output: Tensor, training: bool | None = None) -> Tensor:
        """Return `x` joined with the sublayer's output, both (B, T, D)."""
        joined = x + self.drop(sublayer_output, training=training)
        if self.norm_order is NormOrder.PRE:
            return joined
        return ops.cast(self.norm(joined), self.compute_dtype)  # the norm may have a dtype of its own

    def compute_output_shape(self, input_shape: Shape, *_: Any) -> Shape:
        return tuple(input_shape)

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "norm": keras.saving.serialize_keras_object(self.norm),
            "norm_order": str(self.norm_order),
            "dropout": self.dropout,
        }

    @classmethod
    def from_config(cls, config: Config) -> Self:
        return cls(**{**config, "norm": revive(config["norm"])})
