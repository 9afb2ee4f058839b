"""What a model learns to do: its loss, its search, its metrics and its serving signature."""

from .task import Task
from .translation import Translation

__all__ = ["Task", "Translation"]
