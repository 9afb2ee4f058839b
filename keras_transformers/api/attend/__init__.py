"""Attention, seen: what each head of each layer attends to, as a page to hover over or a picture."""

from .attention import Attention, AttentionMap
from .look import attend

__all__ = ["Attention", "AttentionMap", "attend"]
