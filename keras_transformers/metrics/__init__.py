"""Metrics: scores of outputs against references (slot `metric`)."""

from .metric import Metric

__all__ = ["Metric"]
