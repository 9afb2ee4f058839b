"""What a model learns to do: its loss, its search, its metrics and its serving signature."""

from .translation import Translation

__all__ = ["Translation"]
