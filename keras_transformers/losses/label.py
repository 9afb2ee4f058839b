"""Losses of one label for a whole text.

B batch, C number of classes.
"""

from keras import ops

from .cross_entropy import smoothed_cross_entropy


class LabelCrossEntropy:
    """Cross-entropy of the label of each text, and the share of right ones.

    Args:
        label_smoothing: Probability taken from the right label and spread over all.
    """

    def __init__(self, label_smoothing=0.0):
        self.label_smoothing = label_smoothing

    def totals(self, labels, logits):
        """Return the sum of the losses, and B, for `{"label": int32 (B,)}` and logits (B, C)."""
        logits = ops.cast(logits, "float32")
        losses = smoothed_cross_entropy(labels["label"], logits, self.label_smoothing)
        return ops.sum(losses), _count(losses)

    def measures(self, labels, logits):
        """Return `accuracy`, in percent."""
        right = ops.cast(ops.equal(ops.argmax(logits, axis=-1), ops.cast(labels["label"], "int32")), "float32")
        return {"accuracy": (100.0 * ops.sum(right), _count(right))}


class SquaredError:
    """The squared error of one number for each text."""

    def totals(self, labels, values):
        """Return the sum of the losses, and B, for `{"label": float32 (B,)}` and values (B, 1)."""
        losses = ops.square(ops.cast(values, "float32")[:, 0] - labels["label"])
        return ops.sum(losses), _count(losses)


def _count(losses):
    return ops.cast(ops.shape(losses)[0], "float32")
