"""Regression: a number for a text, or for a pair of texts, such as how alike they are."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..annotations import Tensor
from ..data.examples import Labelled
from ..errors import DataError
from ..metrics.correlation import Pearson, Spearman
from ..signature import Rate, register
from .task import Length, Minimized, Scored
from .whole_text import WholeText

LARGEST = float(np.finfo(np.float32).max)


@register("task", "regression")
class Regression(WholeText):
    """A number for a text, or for a pair of texts.

    Serves `text`, or `first` and `second`, to `score`, on the scale of the training labels.

    Reference: Cer et al. 2017 (STS benchmark), https://arxiv.org/abs/1708.00055; Devlin et al. 2018,
    section 4.1, https://arxiv.org/abs/1810.04805

    Args:
        pair: An example is a pair of texts; none: as in the training text.
        dropout: Rate on the vector that the number is computed from.
        metrics: Scores of answers against labels; the first chooses the best checkpoint. By
            default Pearson's and Spearman's correlations.
        length: The most tokens of a text or pair, special ones included; what is longer is cut. None: as many as the
            model has positions.
        loss: What is minimized; none: the squared error.
    """

    facts = {"learns": "numbers"}
    kind = "regression"
    answer = "score"
    gives = "numbers"
    width = 1

    def __init__(
        self,
        pair: bool | None = None,
        dropout: Rate = 0.1,
        metrics: list[Scored] | None = None,
        length: Length | None = None,
        loss: Minimized | None = None,
    ) -> None:
        super().__init__(pair, dropout, metrics or [Pearson(), Spearman()], length)
        self.own_loss = loss

    def loss(self) -> Any:
        from ..losses.label import SquaredError

        return self.own_loss or SquaredError()

    def targets(self, examples: Labelled) -> np.ndarray:
        """Return the labels as numbers, float32 (N,).

        Raises:
            DataError: A label is not a number.
        """
        return np.array(self.references(examples), np.float32)

    def references(self, examples: Labelled) -> Sequence[Any]:
        return [number_of(label, place) for label, place in zip(examples.labels, examples.places)]

    def answered(self) -> tuple[Callable[[Tensor], dict[str, Tensor]], dict[str, Any]]:
        import tensorflow as tf

        def answer(values: Tensor) -> dict[str, Tensor]:
            return {"score": tf.cast(values[:, 0], tf.float32)}

        return answer, {"score": tf.TensorSpec((None,), tf.float32)}


def number_of(label: str, place: str) -> float:
    """Return the number that a label says, or raise `DataError` with the place that it was read from."""
    try:
        number = float(label)
    except ValueError:
        number = math.nan
    if not abs(number) <= LARGEST:
        large = ", too large for float32" if abs(number) > LARGEST else ""
        raise DataError(f"{place} must have a number for its label, but has `{label}`{large}.")
    return number
