"""The loss of extractive question answering. B batch, T length."""

from typing import Any

import keras
from keras import ops

from ..annotations import Tensor
from ..signature import register
from .label import percentage
from .loss import Loss

SIDES = ("start", "end")


@register("loss", "span_cross_entropy")
@keras.saving.register_keras_serializable(package="keras_transformers")
class SpanCrossEntropy(Loss):
    """The mean of the cross-entropies of where the answer begins and where it ends.

    In plain `compile`, which calls it for one output at a time and adds up, `loss_weights=0.5` gives the same.
    """

    facts = {"learns": "spans"}

    def call(self, labels: Any, logits: Any) -> Tensor:
        """Return the loss of each window (B,).

        Args:
            labels: `start` and `end`, int32 (B,).
            logits: `start` and `end`, float32 (B, T).
        """
        if not isinstance(labels, dict):
            return cross_entropy(labels, logits)
        return sum(cross_entropy(labels[side], logits[side]) for side in SIDES) / 2

    def measures(self, labels: Any, logits: Any) -> dict[str, tuple[Tensor, Tensor]]:
        """Return sum and count of the share of windows with both ends right, 0 to 100."""
        right = (ops.equal(ops.cast(ops.argmax(logits[side], axis=-1), "int32"), labels[side]) for side in SIDES)
        return {"span_accuracy": percentage(ops.logical_and(*right))}


def cross_entropy(labels: Any, logits: Any) -> Tensor:
    """Return −log softmax(`logits`) at `labels`, (B,), for logits (B, T) of places in a sequence."""
    log = ops.log_softmax(ops.cast(logits, "float32"), axis=-1)
    places = ops.expand_dims(ops.cast(labels, "int32"), -1)
    return -ops.squeeze(ops.take_along_axis(log, places, axis=-1), -1)
