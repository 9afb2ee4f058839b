"""The command line, `keras-transformers VERB`: heavy imports stand inside the verbs."""

from .parser import main

__all__ = ["main"]
