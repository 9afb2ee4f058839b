"""Models assembled from layers."""

from .bert import Bert
from .transformer import Transformer

__all__ = ["Bert", "Transformer"]
