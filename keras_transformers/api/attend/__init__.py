"""Attention weights of every head and layer, drawn as an HTML page or a picture."""

from .attention import Attention, AttentionMap
from .look import attend

__all__ = ["Attention", "AttentionMap", "attend"]
