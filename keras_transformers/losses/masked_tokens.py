"""What BERT's pre-training minimizes: masked tokens, and whether a text follows another.

B batch, P most masked tokens in one sequence of the batch, V vocabulary size.
"""

from keras import ops

from .cross_entropy import smoothed_cross_entropy


class PretrainingLoss:
    """The mean cross-entropy of masked tokens, plus that of the next sentence where it is asked for.

    The cross-entropy of a pair's next sentence weighs as much as the pair has masked tokens: both
    means are then over the same count, so that replicas add up to what one device computes.
    """

    def totals(self, labels, logits):
        """Return the sum of the losses and the number of masked tokens, both float32.

        Args:
            labels: `masked` (B, P) int32, -1 where there is none; maybe `next` (B,) int32.
            logits: `masked` (B, P, V); maybe `next` (B, 2). Float32.
        """
        losses, real = masked_losses(labels["masked"], logits["masked"])
        total = ops.sum(losses)
        if "next" in labels:
            judged = smoothed_cross_entropy(labels["next"], logits["next"])
            total = total + ops.sum(judged * ops.sum(real, axis=1))
        return total, ops.sum(real)

    def measures(self, labels, logits):
        """Return sums and counts of what is logged; accuracies are 0 to 100."""
        losses, real = masked_losses(labels["masked"], logits["masked"])
        right = ops.equal(ops.argmax(logits["masked"], axis=-1), ops.cast(labels["masked"], "int64"))
        found = {
            "mlm_loss": (ops.sum(losses), ops.sum(real)),
            "mlm_accuracy": (100.0 * ops.sum(ops.cast(right, "float32") * real), ops.sum(real)),
        }
        if "next" in labels:
            right = ops.equal(logits["next"][:, 1] > logits["next"][:, 0], ops.cast(labels["next"], "bool"))
            right = ops.cast(right, "float32")
            found["nsp_accuracy"] = (100.0 * ops.sum(right), ops.sum(ops.ones_like(right)))
        return found


def masked_losses(labels, logits):
    """Return the cross-entropy at each place, 0 where there is no label, and 1 where there is; (B, P)."""
    real = ops.cast(labels >= 0, "float32")
    flat = ops.reshape(ops.maximum(labels, 0), (-1,))
    losses = smoothed_cross_entropy(flat, ops.reshape(logits, (-1, logits.shape[-1])))
    return ops.reshape(losses, ops.shape(labels)) * real, real
