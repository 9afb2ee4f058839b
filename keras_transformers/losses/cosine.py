"""The loss of sentence embeddings: cosine similarity against a target similarity.

B batch, D model width.
"""

from typing import Any

import keras
from keras import ops

from ..annotations import Tensor
from ..models.heads.sentence import unit_length
from ..signature import register
from .loss import Loss, named


@register("loss", "cosine_error")
@keras.saving.register_keras_serializable(package="keras_transformers")
class CosineError(Loss):
    """The squared error of the cosine.

    Reference: Reimers and Gurevych 2019, section 3 (regression objective), https://arxiv.org/abs/1908.10084
    """

    facts = {"learns": "cosines"}

    def call(self, labels: Any, vectors: Any) -> Tensor:
        """Return the loss of each pair (B,).

        Args:
            labels: `{"cosine": float32 (B,)}`.
            vectors: `first` and `second` (B, D); or both as one tensor (B, 2, D), the one output of a plain model.
        """
        pair = (vectors["first"], vectors["second"]) if isinstance(vectors, dict) else (vectors[:, 0], vectors[:, 1])
        first, second = (unit_length(ops.cast(side, "float32")) for side in pair)
        return ops.square(ops.sum(first * second, axis=-1) - ops.cast(named(labels, "cosine"), "float32"))
