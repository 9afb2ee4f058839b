"""What tagging minimizes. B batch, T length, C number of labels."""

from keras import ops

from .masked_tokens import masked_losses


class TagCrossEntropy:
    """The mean cross-entropy of words; positions without a label count for nothing."""

    def totals(self, labels, logits):
        """Return the sum of the losses and the number of words, both float32.

        Args:
            labels: `tags` (B, T) int32, -1 where there is none.
            logits: Float32 (B, T, C).
        """
        losses, real = masked_losses(labels["tags"], logits)
        return ops.sum(losses), ops.sum(real)

    def measures(self, labels, logits):
        """Return sum and count of the share of words with the right tag, 0 to 100."""
        real = ops.cast(labels["tags"] >= 0, "float32")
        right = ops.cast(ops.equal(ops.argmax(logits, axis=-1), ops.cast(labels["tags"], "int64")), "float32")
        return {"tag_accuracy": (100.0 * ops.sum(right * real), ops.sum(real))}
