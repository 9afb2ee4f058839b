"""Scores of labels against the right ones (slot `metric`)."""

import numpy as np


class Accuracy:
    """Share of right labels, 0 to 100.

    Registered as `metric/accuracy`.
    """

    name = "accuracy"
    scores = "labels"

    def __call__(self, outputs, references):
        """Return `{"accuracy": percentage}`."""
        right = sum(output == reference for output, reference in zip(outputs, references))
        return {"accuracy": 100.0 * right / max(len(references), 1)}


class F1:
    """F1 of one label, or the mean over all labels, 0 to 100.

    Registered as `metric/f1`.

    Args:
        label: The label that counts as positive; none: the unweighted mean of all labels' F1.
    """

    name = "f1"
    scores = "labels"

    def __init__(self, label: str | None = None):
        self.label = label

    def __call__(self, outputs, references):
        """Return `{"f1": percentage}`."""
        labels = sorted({*outputs, *references}) if self.label is None else [self.label]
        scores = [f1_of(label, outputs, references) for label in labels]
        return {"f1": 100.0 * sum(scores) / max(len(scores), 1)}


class Matthews:
    """Matthews' correlation of labels, −100 to 100; 0 is chance.

    Registered as `metric/matthews`.

    Reference: Gorodkin 2004, https://doi.org/10.1016/j.compbiolchem.2004.09.006
    """

    name = "matthews"
    scores = "labels"

    def __call__(self, outputs, references):
        """Return `{"matthews": correlation in percent}`."""
        return {"matthews": 100.0 * matthews_correlation(outputs, references)}


def f1_of(label, outputs, references):
    """Return 2·TP / (2·TP + FP + FN) of one label; 0 where it is nowhere."""
    both = sum(output == label == reference for output, reference in zip(outputs, references))
    either = sum(output == label for output in outputs) + sum(reference == label for reference in references)
    return 2 * both / either if either else 0.0


def matthews_correlation(outputs, references):
    """Return the correlation of two labellings as one-hot vectors; 0 where one of them is constant."""
    labels = sorted({*outputs, *references})
    one, two = (
        np.array([[value == label for label in labels] for value in side], float) for side in (outputs, references)
    )
    one, two = one - one.mean(axis=0), two - two.mean(axis=0)
    spread = np.sqrt((one**2).sum() * (two**2).sum())
    return float((one * two).sum() / spread) if spread else 0.0
