"""The losses of BERT's pre-training: masked tokens and next-sentence prediction.

B batch, P most masked tokens in one sequence of the batch, V vocabulary size.
"""

from typing import Any

import keras
from keras import ops

from ..annotations import Tensor
from .cross_entropy import losses_at
from .label import percentage
from .loss import Loss, named


@keras.saving.register_keras_serializable(package="keras_transformers")
class PretrainingLoss(Loss):
    """The mean cross-entropy of masked tokens, plus that of the next sentence where it is asked for.

    The cross-entropy of a pair's next sentence weighs as much as the pair has masked tokens: both
    means are then over the same count, so that replicas add up to what one device computes.

    In plain `compile`, which calls it once for each output, the two are means of their own.
    """

    def call(self, labels: Any, logits: Any) -> Tensor:
        """Return the loss of each masked token and, added to it, that of its pair's next sentence: (B, P).

        Args:
            labels: `masked` (B, P) int32, -1 where there is none; maybe `next` (B,) int32.
            logits: `masked` (B, P, V); maybe `next` (B, 2). Float32.
        """
        losses = losses_at(named(labels, "masked"), named(logits, "masked"))
        if _has_next(labels):
            losses = losses + ops.expand_dims(losses_at(labels["next"], logits["next"]), -1)
        return losses

    def weights(self, labels: Any) -> Tensor:
        """Return 1 where there is a label, 0 where there is none, (B, P)."""
        return real_places(named(labels, "masked"))

    def measures(self, labels: Any, logits: Any) -> dict[str, tuple[Tensor, Tensor]]:
        """Return sums and counts of what is logged; accuracies are 0 to 100."""
        masked, guesses = named(labels, "masked"), named(logits, "masked")
        real = real_places(masked)
        right = ops.equal(ops.argmax(guesses, axis=-1), ops.cast(masked, "int64"))
        measures = {
            "mlm_loss": (ops.sum(losses_at(masked, guesses) * real), ops.sum(real)),
            "mlm_accuracy": percentage(right, real),
        }
        if _has_next(labels):
            follows = logits["next"][:, 1] > logits["next"][:, 0]
            measures["nsp_accuracy"] = percentage(ops.equal(follows, ops.cast(labels["next"], "bool")))
        return measures


def _has_next(labels: Any) -> bool:
    return isinstance(labels, dict) and "next" in labels


def real_places(labels: Any) -> Tensor:
    """Return 1 where there is a label and 0 where it is below 0, float32, of the shape of `labels`."""
    return ops.cast(labels >= 0, "float32")
