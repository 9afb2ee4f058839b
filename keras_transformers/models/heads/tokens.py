"""Token-level heads: tagging, and answer spans.

B batch, T length, D model width, C number of labels.
"""

from typing import Any

import keras
from keras import ops

from ...annotations import Shape, Tensor
from ...errors import RecipeError
from ...layers.dropout import Dropout
from ...layers.masks import MaskedLayer
from ..backbone import longest_input
from .pooled import dense

NEVER = -1e9
"""The logit of what cannot be chosen; logits are float32."""


def token_logits(sequence: Tensor, labels: int, dropout: float) -> Tensor:
    """Return float32 logits (B, T, C) of each token, from its vectors (B, T, D).

    Source: Devlin et al. 2018, section 5.3, https://arxiv.org/abs/1810.04805

    Args:
        sequence: Output `sequence` of a backbone.
        labels: C.
        dropout: Rate on the vectors.
    """
    return dense(labels, "classifier")(Dropout(dropout, name="drop")(sequence))


@keras.saving.register_keras_serializable(package="keras_transformers")
class SpanLogits(MaskedLayer):
    """How well a span begins, and ends, at each token of the second text or, if there is none, at [CLS].

    Reference: Devlin et al. 2018, sections 4.2 and 4.3, https://arxiv.org/abs/1810.04805
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.logits = dense(2, "logits")

    def build(self, sequence_shape: Shape, segments_shape: Shape) -> None:
        self.logits.build(sequence_shape)

    def call(self, sequence: Tensor, segments: Tensor) -> dict[str, Tensor]:
        """Return `start` and `end`, float32 (B, T), `NEVER` in the first text and in padding.

        Args:
            sequence: Vectors of tokens (B, T, D).
            segments: 0 in the first text, its [CLS] and in padding, 1 in the second text (B, T).
        """
        logits = self.logits(sequence)  # (B, T, 2)
        first = ops.equal(ops.arange(ops.shape(segments)[1]), 0)
        allowed = ops.logical_or(ops.equal(segments, 1), first)
        return {name: ops.where(allowed, logits[..., side], NEVER) for side, name in enumerate(("start", "end"))}

    def compute_output_spec(self, sequence: Tensor, segments: Tensor) -> Any:
        shapes = self.compute_output_shape(sequence.shape, segments.shape)
        return {name: keras.KerasTensor(shape, dtype="float32") for name, shape in shapes.items()}

    def compute_mask(self, inputs: Any, previous_mask: Tensor | None = None) -> Any:
        mask = super().compute_mask(inputs)
        return None if mask is None else {"start": mask, "end": mask}

    def compute_output_shape(self, sequence_shape: Shape, segments_shape: Shape) -> Any:
        return {name: tuple(segments_shape) for name in ("start", "end")}


def require_positions(backbone: Any, length: int) -> None:
    """Raise unless an encoder can read `length` tokens.

    Raises:
        RecipeError: It has learnt fewer positions.
    """
    longest = longest_input(backbone, otherwise=length)
    if length > longest:
        raise RecipeError(f"`task.length` must be at most the number of positions ({longest}), but is {length}.")
