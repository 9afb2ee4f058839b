"""Searching for the best output: in the graph, with a key/value cache."""

from .greedy import Greedy

__all__ = ["Greedy"]
