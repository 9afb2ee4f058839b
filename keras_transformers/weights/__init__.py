"""Checkpoints of BERT that people have: read, become runs, and are written."""

from .checkpoint import Checkpoint
from .importing import import_checkpoint
from .opening import load_into, open_checkpoint

__all__ = ["Checkpoint", "import_checkpoint", "load_into", "open_checkpoint"]
