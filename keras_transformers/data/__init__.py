"""Sources of training text (slot `source`): each has `.read(root)`, which gives `Pairs` or the like."""

from .conll import Conll
from .dates import Dates
from .pairs import Pairs
from .parallel_text import ParallelText
from .questions import Questions
from .squad import Squad
from .tagged import Tagged

__all__ = ["Conll", "Dates", "Pairs", "ParallelText", "Questions", "Squad", "Tagged"]
