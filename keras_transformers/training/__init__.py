"""From a recipe to a trained model: `model.fit` and what it needs."""

from .loss import TokenCrossEntropy, smoothed_cross_entropy
from .train import train

__all__ = ["TokenCrossEntropy", "smoothed_cross_entropy", "train"]
