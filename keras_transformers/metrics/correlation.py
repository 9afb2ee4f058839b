"""Correlations of numbers with the right ones (slot `metric`)."""

import numpy as np


class Pearson:
    """Pearson's correlation, −100 to 100.

    Registered as `metric/pearson`.
    """

    name = "pearson"
    scores = "numbers"

    def __call__(self, outputs, references):
        """Return `{"pearson": correlation in percent}`."""
        return {"pearson": 100.0 * correlation(np.asarray(outputs, float), np.asarray(references, float))}


class Spearman:
    """Spearman's correlation: Pearson's of the ranks, −100 to 100.

    Registered as `metric/spearman`.
    """

    name = "spearman"
    scores = "numbers"

    def __call__(self, outputs, references):
        """Return `{"spearman": correlation in percent}`."""
        return {"spearman": 100.0 * correlation(ranks(outputs), ranks(references))}


def correlation(one, two):
    """Return Pearson's correlation of two arrays (N,); 0 where one of them is constant or empty."""
    if not len(one):
        return 0.0
    one, two = one - one.mean(), two - two.mean()
    spread = np.sqrt((one**2).sum() * (two**2).sum())
    return float((one * two).sum() / spread) if spread else 0.0


def ranks(values):
    """Return the ranks of values (N,), from 0; equal values share the mean of their ranks."""
    _, place, counts = np.unique(np.asarray(values, float), return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts + 1) / 2)[place]
