"""What training minimizes: each loss gives the sum over a batch and what it is averaged over."""

from .cross_entropy import TokenCrossEntropy, smoothed_cross_entropy

__all__ = ["TokenCrossEntropy", "smoothed_cross_entropy"]
