"""The contract of predictors: a TensorFlow module that maps strings to answers."""

from typing import Any

import tensorflow as tf


class Predictor(tf.Module):
    """Abstract: what a task's `serving` gives, `predict` asks and `export` writes.

    Whoever writes one fills `__call__`: a `tf.function` whose input signature is named string (N,), one or several,
    which returns a dict of tensors whose first axis is N. All runs in the graph, so that nothing but TensorFlow is
    needed to answer.

    Args:
        model: The task's model.
        tokenizer: Turns strings into ids and back, in the graph.
    """

    def __init__(self, model: Any, tokenizer: Any) -> None:
        super().__init__()
        self.model = model
        self.tokenizer = tokenizer

    def scorer(self) -> "Predictor | None":
        """Return what says how probable given answers are, with `score` among its outputs; None: nothing does."""
        return None

    def signatures(self) -> dict[str, Any]:
        """Return what is exported beside the call, which is `serving_default`: concrete functions by name.

        By default `score`, where there is a `scorer`.
        """
        scorer = self.scorer()
        return {} if scorer is None else {"score": scorer.__call__.get_concrete_function()}
