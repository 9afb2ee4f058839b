"""The position-wise feed-forward network: the same two projections at every position."""

from typing import Any, Literal

import keras

from ..annotations import Config, Shape, Tensor
from ..signature import Count, Rate, register
from .compose import build_once, width_of
from .dropout import Dropout
from .initializer import InitializerName, kernel_initializer
from .linear import Linear
from .masks import MaskedLayer

Activation = Literal["relu", "gelu", "gelu_tanh", "silu", "elu", "selu", "tanh", "softplus", "linear"]


def gelu_tanh(x: Tensor) -> Tensor:
    """Return GELU in its approximation by tanh, which some checkpoints were trained with.

    Source: Hendrycks and Gimpel 2016, section 2, https://arxiv.org/abs/1606.08415
    """
    return keras.activations.gelu(x, approximate=True)


@register("feed_forward", "mlp")
@keras.saving.register_keras_serializable(package="keras_transformers")
class FeedForward(MaskedLayer):
    """FFN(x) = activation(x W1 + b1) W2 + b2.

    Reference: Vaswani et al. 2017, section 3.3, https://arxiv.org/abs/1706.03762

    Args:
        hidden_dim: Width of the inner layer.
        activation: A Keras activation; `gelu` is exact, by the error function, `gelu_tanh` approximate.
        dropout: Rate of dropout on the inner layer.
        initializer: Distribution that W1 and W2 are drawn from.
    """

    def __init__(
        self,
        hidden_dim: Count,
        activation: Activation = "relu",
        dropout: Rate = 0.0,
        initializer: InitializerName = "glorot_uniform",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.hidden_dim = hidden_dim
        self.activation = activation
        self.dropout = dropout
        self.initializer = initializer
        self.expand = self._linear(hidden_dim, activation=gelu_tanh if activation == "gelu_tanh" else activation)
        self.drop = Dropout(dropout, dtype=self.dtype_policy)

    def build(self, input_shape: Shape) -> None:
        self.contract = self._linear(width_of(input_shape), name="contract")
        build_once(self.expand, input_shape)
        build_once(self.contract, (*input_shape[:-1], self.hidden_dim))

    def call(self, inputs: Tensor, training: bool | None = None) -> Tensor:
        """Map (B, T, D) to (B, T, D)."""
        return self.contract(self.drop(self.expand(inputs), training=training))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return tuple(input_shape)

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "hidden_dim": self.hidden_dim,
            "activation": self.activation,
            "dropout": self.dropout,
            "initializer": self.initializer,
        }

    def _linear(self, units: int, **options: Any) -> Linear:
        initializer = kernel_initializer(self.initializer)
        return Linear(units, kernel_initializer=initializer, dtype=self.dtype_policy, **options)
