"""Losses of text classification and regression.

B batch, C number of classes.
"""

from typing import Any

import keras
from keras import ops

from ..annotations import Config, Tensor
from ..signature import Rate, register
from .cross_entropy import losses_at
from .loss import Loss, named


@register("loss", "label_cross_entropy")
@keras.saving.register_keras_serializable(package="keras_transformers")
class LabelCrossEntropy(Loss):
    """Cross-entropy of the label of each text, and the share of right ones.

    Args:
        label_smoothing: Probability taken from the right label and spread over all.
    """

    facts = {"learns": "classes"}

    def __init__(self, label_smoothing: Rate = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.label_smoothing = label_smoothing

    def call(self, labels: Any, logits: Any) -> Tensor:
        """Return the loss of each text (B,), for `{"label": int32 (B,)}` and logits (B, C)."""
        return losses_at(named(labels, "label"), logits, self.label_smoothing)

    def measures(self, labels: Any, logits: Any) -> dict[str, tuple[Tensor, Tensor]]:
        """Return `accuracy`, in percent."""
        right = ops.equal(ops.argmax(logits, axis=-1), ops.cast(named(labels, "label"), "int32"))
        return {"accuracy": percentage(right)}

    def get_config(self) -> Config:
        return {**super().get_config(), "label_smoothing": self.label_smoothing}


@register("loss", "squared_error")
@keras.saving.register_keras_serializable(package="keras_transformers")
class SquaredError(Loss):
    """The squared error of one number for each text."""

    facts = {"learns": "numbers"}

    def call(self, labels: Any, values: Any) -> Tensor:
        """Return the loss of each text (B,), for `{"label": float32 (B,)}` and values (B, 1)."""
        return ops.square(ops.cast(values, "float32")[:, 0] - ops.cast(named(labels, "label"), "float32"))


def percentage(right: Tensor, weights: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Return 100 times how many are `right`, each with its weight, and the sum of the weights; float32."""
    right = ops.cast(right, "float32")
    weights = ops.ones_like(right) if weights is None else weights
    return 100.0 * ops.sum(right * weights), ops.sum(weights)
