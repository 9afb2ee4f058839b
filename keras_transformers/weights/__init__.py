"""Checkpoints of BERT that people have: read, and loaded into models."""

from .checkpoint_format import CheckpointFormat
from .open import load_into, open_checkpoint

__all__ = ["CheckpointFormat", "load_into", "open_checkpoint"]
