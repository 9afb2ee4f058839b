"""What training minimizes: the loss of each item, and which items count."""

from .cross_entropy import TokenCrossEntropy, smoothed_cross_entropy
from .loss import Loss

__all__ = ["Loss", "TokenCrossEntropy", "smoothed_cross_entropy"]
