"""Searching for the best output: in the graph, with a key/value cache."""

from .beam import Beam
from .greedy import Greedy
from .growing import growing
from .sampling import Sample
from .search import Asked, Found, Search

__all__ = ["Asked", "Beam", "Found", "Greedy", "Sample", "Search", "growing"]
