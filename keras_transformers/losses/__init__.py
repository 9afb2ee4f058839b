"""Losses, and the weights of their items."""

from .cross_entropy import TokenCrossEntropy, smoothed_cross_entropy
from .loss import Loss

__all__ = ["Loss", "TokenCrossEntropy", "smoothed_cross_entropy"]
