"""The run directory: recipe, tokenizer, checkpoints and the final model, written and read."""

from .run import Run, load_run

__all__ = ["Run", "load_run"]
