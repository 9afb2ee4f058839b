"""The loss of two texts' vectors whose cosine should be how alike the texts are.

B batch, D model width.
"""

from keras import ops

from ..models.heads.sentence import unit_length


class CosineError:
    """The squared error of the cosine.

    Reference: Reimers and Gurevych 2019, section 3 (regression objective), https://arxiv.org/abs/1908.10084
    """

    def totals(self, labels, vectors):
        """Return the sum of the losses, and B, for `{"cosine": float32 (B,)}` and `first` and `second` (B, D)."""
        first, second = (unit_length(ops.cast(vectors[name], "float32")) for name in ("first", "second"))
        losses = ops.square(ops.sum(first * second, axis=-1) - labels["cosine"])
        return ops.sum(losses), ops.cast(ops.shape(losses)[0], "float32")
