"""Searching for the best output: in the graph, with a key/value cache."""

from .greedy import Greedy
from .search import Search

__all__ = ["Greedy", "Search"]
