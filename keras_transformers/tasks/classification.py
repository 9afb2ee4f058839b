"""Classification: which of several labels a text, or a pair of texts, has."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..annotations import Tensor
from ..data.examples import Labelled
from ..data.labels import label_notes, label_numbers, settled_labels
from ..metrics.label import Accuracy
from ..signature import Rate, register
from .task import Length, Minimized, Scored, Smoothing
from .whole_text import WholeText


@register("task", "classification")
class Classification(WholeText):
    """One label of several for a text, or for a pair of texts.

    Serves `text`, or `first` and `second`, to `label`, its probability `score`, and the
    `probabilities` of all labels in the order of `labels`.

    Reference: Devlin et al. 2018, section 4.1, https://arxiv.org/abs/1810.04805

    Args:
        labels: What the labels are; none: those of the training text, sorted.
        pair: An example is a pair of texts; none: as in the training text.
        dropout: Rate on the vector that is classified.
        label_smoothing: Probability taken from the right label and spread over all.
        metrics: Scores of answers against labels; the first chooses the best checkpoint. By
            default accuracy.
        length: The most tokens of a text or pair, special ones included; what is longer is cut. None: as many as the
            model has positions.
        loss: What is minimized; none: the cross-entropy of labels.
    """

    facts = {"learns": "classes"}
    kind = "classification"
    answer = "label"
    gives = "labels"

    def __init__(
        self,
        labels: list[str] | None = None,
        pair: bool | None = None,
        dropout: Rate = 0.1,
        label_smoothing: Smoothing = 0.0,
        metrics: list[Scored] | None = None,
        length: Length | None = None,
        loss: Minimized | None = None,
    ) -> None:
        super().__init__(pair, dropout, metrics or [Accuracy()], length)
        self.labels = labels
        self.label_smoothing = label_smoothing
        self.own_loss = loss

    @property
    def width(self) -> int:
        return len(settled_labels(self.labels))

    def settle(self, examples: Labelled) -> dict[str, Any]:
        found = sorted(set(examples.labels), key=_reading_order)
        return {**super().settle(examples), "labels": settled_labels(self.labels, found)}

    def remarks(self, examples: Labelled) -> list[str]:
        return label_notes(examples.labels, examples.places, settled_labels(self.labels))

    def loss(self) -> Any:
        from ..losses.label import LabelCrossEntropy

        return self.own_loss or LabelCrossEntropy(self.label_smoothing)

    def targets(self, examples: Labelled) -> np.ndarray:
        """Return the numbers of the labels, int32 (N,).

        Raises:
            DataError: A label is none of `labels`.
        """
        return label_numbers(examples.labels, settled_labels(self.labels), examples.places)

    def references(self, examples: Labelled) -> Sequence[Any]:
        labels = settled_labels(self.labels)
        return [labels[number] for number in self.targets(examples)]

    def answered(self) -> tuple[Callable[[Tensor], dict[str, Tensor]], dict[str, Any]]:
        import tensorflow as tf

        labels = settled_labels(self.labels)

        def answer(logits: Tensor) -> dict[str, Tensor]:
            probabilities = tf.nn.softmax(tf.cast(logits, tf.float32))
            best = tf.argmax(probabilities, axis=-1)
            score = tf.reduce_max(probabilities, axis=-1)
            return {"label": tf.gather(tf.constant(labels), best), "score": score, "probabilities": probabilities}

        return answer, {
            "label": tf.TensorSpec((None,), tf.string),
            "score": tf.TensorSpec((None,), tf.float32),
            "probabilities": tf.TensorSpec((None, len(labels)), tf.float32),
        }


def _reading_order(label: str) -> tuple[int, int, str]:
    """Sort numbers by what they are, and before words."""
    try:
        return 0, int(label), label
    except ValueError:
        return 1, 0, label
