"""Models assembled from layers."""

from .transformer import Transformer

__all__ = ["Transformer"]
