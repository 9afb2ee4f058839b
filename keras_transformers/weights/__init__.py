"""Checkpoints of BERT that people have: read, and loaded into models."""

from .checkpoint import Checkpoint
from .open import load_into, open_checkpoint

__all__ = ["Checkpoint", "load_into", "open_checkpoint"]
