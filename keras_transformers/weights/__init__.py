"""Checkpoints of BERT that people have: read, become runs, and are written."""

from .checkpoint import Checkpoint
from .huggingface_export import export_huggingface
from .importing import import_checkpoint
from .opening import load_into, open_checkpoint

__all__ = ["Checkpoint", "export_huggingface", "import_checkpoint", "load_into", "open_checkpoint"]
