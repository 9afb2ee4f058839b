"""Sources of training text (slot `source`): each has `.read(root) -> Pairs`."""

from .dates import Dates
from .pairs import Pairs
from .parallel_text import ParallelText

__all__ = ["Dates", "Pairs", "ParallelText"]
