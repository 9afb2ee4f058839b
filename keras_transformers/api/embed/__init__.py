"""Contextual vectors: of whole texts, and of each word where it stands."""

from .embed import CUT, Embedder, embed
from .words import WordVectors

__all__ = ["CUT", "Embedder", "WordVectors", "embed"]
