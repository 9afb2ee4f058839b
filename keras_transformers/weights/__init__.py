"""Reads pretrained checkpoints of BERT and loads them into models."""

from .checkpoint_format import CheckpointFormat
from .open import load_into, open_checkpoint

__all__ = ["CheckpointFormat", "load_into", "open_checkpoint"]
