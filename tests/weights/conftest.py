"""Fixtures of the tests of checkpoints."""

from small_bert import folder, model, tensors

__all__ = ["folder", "model", "tensors"]
