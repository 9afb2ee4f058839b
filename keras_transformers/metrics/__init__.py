"""Scores of what a model says against what it should have said (slot `metric`)."""

from .metric import Metric

__all__ = ["Metric"]
