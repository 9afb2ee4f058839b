"""Contextual embeddings of whole texts and of single words."""

from .embed import CUT, Embedder, embed
from .words import WordVectors

__all__ = ["CUT", "Embedder", "WordVectors", "embed"]
