"""Correlations of numbers with the right ones (slot `metric`)."""

import abc
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..signature import register
from .metric import Metric, refuse


class _Correlation(Metric):
    """Abstract: a correlation in percent; 0 where the model says one number of all, NaN where it says no number."""

    scores = "numbers"

    def __call__(self, outputs: Sequence[Any], references: Sequence[Any]) -> dict[str, Any]:
        """Return `{NAME: correlation in percent}`."""
        said, right = np.asarray(outputs, float), np.asarray(references, float)
        if not np.isfinite(said).all():
            return {self.name: math.nan}  # ranks would take NaN for the greatest number
        return {self.name: 100.0 * self.of(said, right)}

    @abc.abstractmethod
    def of(self, outputs: np.ndarray, references: np.ndarray) -> float:
        """Return the correlation of two arrays (N,)."""

    def each(self, outputs: Sequence[Any], references: Sequence[Any]) -> list[float] | None:
        """Return None: a correlation is of many."""
        return None

    def check(self, references: Sequence[Any], where: str, labels: Sequence[str] | None = None) -> list[str]:
        """Raise `DataError` unless two numbers differ, without which there is no correlation."""
        if len(set(references)) < 2:
            refuse(
                f"metric/{self.name}", where, "a correlation needs two numbers that differ, and all of its "
                f"{len(references)} are {references[0]:g}; give text with others, or leave the text out."
            )  # fmt: skip
        return []


@register("metric", "pearson")
class Pearson(_Correlation):
    """Pearson's correlation, −100 to 100; 0 where the model says one number of all."""

    name = "pearson"

    def of(self, outputs: np.ndarray, references: np.ndarray) -> float:
        """Return the correlation of two arrays (N,)."""
        return correlation(outputs, references)


@register("metric", "spearman")
class Spearman(_Correlation):
    """Spearman's correlation: Pearson's of the ranks, −100 to 100; 0 where the model says one number of all."""

    name = "spearman"

    def of(self, outputs: np.ndarray, references: np.ndarray) -> float:
        """Return the correlation of the ranks of two arrays (N,)."""
        return correlation(ranks(outputs), ranks(references))


def correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Return Pearson's correlation of two arrays (N,); 0 where one of them is constant or empty."""
    if not len(first) or (first == first[0]).all() or (second == second[0]).all():
        return 0.0
    first, second = first - first.mean(), second - second.mean()
    spread = np.sqrt((first**2).sum()) * np.sqrt((second**2).sum())
    return float((first * second).sum() / spread) if spread else 0.0


def ranks(values: np.ndarray) -> np.ndarray:
    """Return the ranks of values (N,), from 0; equal values share the mean of their ranks."""
    _, place, counts = np.unique(np.asarray(values, float), return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts + 1) / 2)[place]
