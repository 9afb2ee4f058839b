"""Fixtures of the tests of checkpoints, which those of formats have, too."""

from small_bert import folder, model, tensors

__all__ = ["folder", "model", "tensors"]
