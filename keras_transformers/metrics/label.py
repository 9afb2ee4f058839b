"""Scores of labels against the right ones (slot `metric`)."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import did_you_mean
from ..signature import register
from .metric import Metric, refuse


@register("metric", "accuracy")
class Accuracy(Metric):
    """Share of right labels, 0 to 100."""

    name = "accuracy"
    scores = "labels"

    def __call__(self, outputs: Sequence[Any], references: Sequence[Any]) -> dict[str, Any]:
        """Return `{"accuracy": percentage}`."""
        right = sum(output == reference for output, reference in zip(outputs, references))
        return {"accuracy": 100.0 * right / max(len(references), 1)}


@register("metric", "f1")
class F1(Metric):
    """F1 of one label, or the mean over all labels, 0 to 100.

    Args:
        label: The label that counts as positive; none: the unweighted mean of the F1 of all labels that the text
            has or the model says.
    """

    name = "f1"
    scores = "labels"

    def __init__(self, label: str | None = None) -> None:
        self.label = label

    def __call__(self, outputs: Sequence[Any], references: Sequence[Any]) -> dict[str, Any]:
        """Return `{"f1": percentage}`."""
        labels = sorted({*outputs, *references}) if self.label is None else [self.label]
        scores = [f1_of(label, outputs, references) for label in labels]
        return {"f1": 100.0 * sum(scores) / max(len(scores), 1)}

    def each(self, outputs: Sequence[Any], references: Sequence[Any]) -> list[float] | None:
        """Return None: F1 is of many labels."""
        return None

    def check(self, references: Sequence[Any], where: str, labels: Sequence[str] | None = None) -> list[str]:
        """Raise `DataError` unless the text has the label that counts: its F1 would always be 0."""
        present = list(dict.fromkeys(references))
        if self.label is not None and self.label not in present:
            near = did_you_mean(self.label, present) if self.label not in (labels or ()) else ""
            refuse(
                "metric/f1", where, f"no example has the label `{self.label}`.{near} Set `label` to one of those that "
                f"it has ({_some(present)}), leave `label` out for the mean of all, or choose `accuracy`."
            )  # fmt: skip
        return []


@register("metric", "matthews")
class Matthews(Metric):
    """Matthews' correlation of labels, −100 to 100; 0 is chance, and where the model says one label of all.

    Reference: Gorodkin 2004, https://doi.org/10.1016/j.compbiolchem.2004.09.006
    """

    name = "matthews"
    scores = "labels"

    def __call__(self, outputs: Sequence[Any], references: Sequence[Any]) -> dict[str, Any]:
        """Return `{"matthews": correlation in percent}`."""
        return {"matthews": 100.0 * matthews_correlation(outputs, references)}

    def each(self, outputs: Sequence[Any], references: Sequence[Any]) -> list[float] | None:
        """Return None: a correlation is of many."""
        return None

    def check(self, references: Sequence[Any], where: str, labels: Sequence[str] | None = None) -> list[str]:
        """Raise `DataError` unless the text has two labels, without which there is no correlation."""
        if len(set(references)) < 2:
            refuse(
                "metric/matthews", where, f"a correlation needs two labels, and all of its {len(references)} examples "
                f"have `{references[0]}`; choose another with --set 'task.metrics=[accuracy]'."
            )  # fmt: skip
        return []


def f1_of(label: str, outputs: Sequence[Any], references: Sequence[Any]) -> float:
    """Return 2·TP / (2·TP + FP + FN) of one label; 0 where it is nowhere."""
    both = sum(output == label == reference for output, reference in zip(outputs, references))
    either = sum(output == label for output in outputs) + sum(reference == label for reference in references)
    return 2 * both / either if either else 0.0


def matthews_correlation(outputs: Sequence[Any], references: Sequence[Any]) -> float:
    """Return the correlation of two labellings as one-hot vectors; 0 where one of them is constant."""
    labels = sorted({*outputs, *references})
    first, second = (
        np.array([[value == label for label in labels] for value in side], float) for side in (outputs, references)
    )
    first, second = first - first.mean(axis=0), second - second.mean(axis=0)
    spread = np.sqrt((first**2).sum() * (second**2).sum())
    return float((first * second).sum() / spread) if spread else 0.0


def _some(labels: Sequence[str]) -> str:
    """Return the first labels in words."""
    shown = ", ".join(f"`{label}`" for label in labels[:5])
    return shown if len(labels) <= 5 else f"{shown} and {len(labels) - 5} more"
