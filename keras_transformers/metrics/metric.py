"""The contract of metrics: outputs and references in, scores by name out."""

import abc
from collections.abc import Sequence
from typing import Any, NoReturn

from ..errors import DataError, PluginError


class Metric(metaclass=abc.ABCMeta):
    """A score of a model's outputs against references.

    Higher is better, unless `name` ends with `loss`. The first metric of a task chooses the best epoch.

    Attributes:
        name: The score, among those that a call returns, that stands for the metric; `val_NAME` in the logs.
        scores: What it compares, as a task's `gives` names it: `texts`, `labels`, `numbers`, `tags` or `answers`.
        verbatim: Of a metric of texts, whether it takes references letter by letter as their file has them, as
            published figures do. Otherwise it gets them as the tokenizer writes text (accents composed, one space
            between words), so that a model that is always right is not marked down.
    """

    name: str
    scores: str
    verbatim = False

    @abc.abstractmethod
    def __call__(self, outputs: Sequence[Any], references: Sequence[Any]) -> dict[str, Any]:
        """Return the scores by name: numbers, or strings that say more.

        Args:
            outputs: What the model says of N examples: str for `texts` and `labels`, float for `numbers`, lists of
                str for `tags`, `Prediction` for `answers`.
            references: What it should have said: the same, but for `answers`, lists of right str.
        """

    def check(self, references: Sequence[Any], where: str, labels: Sequence[str] | None = None) -> list[str]:
        """Raise unless the metric can be computed on these references: asked before training, and not after it.

        Here the references score themselves. A subclass adds what it needs of the data.

        Args:
            references: As in a call.
            where: What they are, for messages, such as `data.valid`.
            labels: All labels or tags that outputs may hold, where they are known.

        Returns:
            Sentences for the user on how the references are read.

        Raises:
            DataError: It cannot be computed; the message names a metric that can.
            PluginError: What it returns lacks the score `name`.
        """
        scores = self(self.perfect(references), references)
        if self.name not in scores:
            raise PluginError(
                f"The metric `{self.name}` must return a score of this name, but returns {', '.join(scores) or 'none'}."
            )
        return []

    def each(self, outputs: Sequence[Any], references: Sequence[Any]) -> list[float] | None:
        """Return the score `name` of each output alone, a list of float; None where one alone says nothing.

        Args:
            outputs: As in a call.
            references: As in a call.
        """
        pairs = zip(outputs, references, strict=True)
        return [float(self([output], [reference])[self.name]) for output, reference in pairs]

    def perfect(self, references: Sequence[Any]) -> Sequence[Any]:
        """Return the outputs of a model that is always right."""
        return references


def refuse(what: str, where: str, why: str) -> NoReturn:
    """Raise the `DataError` of a metric, such as `metric/bleu`, that cannot be computed on the data `where`."""
    raise DataError(f"`{what}` cannot score {where}: {why}")
