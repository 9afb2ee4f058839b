"""The loss of sequence tagging. B batch, T length, C number of labels."""

from typing import Any

import keras
from keras import ops

from ..annotations import Tensor
from ..signature import register
from .cross_entropy import losses_at
from .label import percentage
from .loss import Loss, named
from .masked_tokens import real_places


@register("loss", "tag_cross_entropy")
@keras.saving.register_keras_serializable(package="keras_transformers")
class TagCrossEntropy(Loss):
    """The mean cross-entropy of words; positions without a label count for nothing."""

    facts = {"learns": "tags"}

    def call(self, labels: Any, logits: Any) -> Tensor:
        """Return the loss at each position (B, T).

        Args:
            labels: `tags` (B, T) int32, -1 where there is none.
            logits: Float32 (B, T, C).
        """
        return losses_at(named(labels, "tags"), logits)

    def weights(self, labels: Any) -> Tensor:
        """Return 1 at words and 0 elsewhere, (B, T)."""
        return real_places(named(labels, "tags"))

    def measures(self, labels: Any, logits: Any) -> dict[str, tuple[Tensor, Tensor]]:
        """Return sum and count of the share of words with the right tag, 0 to 100."""
        right = ops.equal(ops.argmax(logits, axis=-1), ops.cast(named(labels, "tags"), "int64"))
        return {"tag_accuracy": percentage(right, self.weights(labels))}
