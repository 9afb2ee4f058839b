"""What question answering minimizes. B batch, T length."""

from keras import ops


class SpanCrossEntropy:
    """The mean of the cross-entropies of where the answer begins and where it ends."""

    def totals(self, labels, logits):
        """Return the sum of the losses and the number of windows, both float32.

        Args:
            labels: `start` and `end`, int32 (B,).
            logits: `start` and `end`, float32 (B, T).
        """
        losses = (cross_entropy(labels["start"], logits["start"]) + cross_entropy(labels["end"], logits["end"])) / 2
        return ops.sum(losses), ops.sum(ops.ones_like(losses))

    def measures(self, labels, logits):
        """Return sum and count of the share of windows with both ends right, 0 to 100."""
        found = {side: ops.cast(ops.argmax(logits[side], axis=-1), "int32") for side in ("start", "end")}
        right = ops.logical_and(*(ops.equal(found[side], labels[side]) for side in found))
        right = ops.cast(right, "float32")
        return {"span_accuracy": (100.0 * ops.sum(right), ops.sum(ops.ones_like(right)))}


def cross_entropy(labels, logits):
    """Return −log softmax(`logits`) at `labels`, (B,), for logits (B, T) of places in a sequence."""
    log = ops.log_softmax(logits, axis=-1)
    return -ops.squeeze(ops.take_along_axis(log, ops.expand_dims(labels, -1), axis=-1), -1)
