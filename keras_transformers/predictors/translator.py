"""Translates strings: tokenizer, model and search as one TensorFlow module."""

from typing import Any

import tensorflow as tf

from ..annotations import Tensor
from ..decoding.search import Search
from ..text.special import EOS, PAD
from .batched import in_batches, of_visible
from .predictor import Predictor

OUTPUTS = {"text": tf.TensorSpec((None,), tf.string), "score": tf.TensorSpec((None,), tf.float32)}


class Translator(Predictor):
    """Translates any number of sentences of any length, a bounded batch at a time.

    Args:
        model: An encoder-decoder, as `Transformer`.
        tokenizer: Turns strings into ids and back, in the graph.
        search: Finds the output, in the graph.
    """

    def __init__(self, model: Any, tokenizer: Any, search: Search) -> None:
        super().__init__(model, tokenizer)
        self.search = search

    @tf.function(input_signature=[tf.TensorSpec((None,), tf.string, name="text")])
    def __call__(self, text: Tensor) -> dict[str, Tensor]:
        """Return `{"text": string (N,), "score": float32 (N,)}` for `text`, string (N,).

        The score is the output's total log-probability. Of a text that shows nothing, such as a blank line, the
        answer is "" and its score 0.
        """
        return of_visible(text, self.tokenizer.tokenize(text), self._translations)

    def _translations(self, ids: tf.RaggedTensor) -> dict[str, Tensor]:
        ends = tf.fill((ids.nrows(), 1), EOS)
        return in_batches(
            self._translate, {"source": tf.concat([ids, tf.RaggedTensor.from_tensor(ends)], axis=1)}, OUTPUTS
        )

    def _translate(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        found, score = self.search(self.model, inputs["source"])
        return {"text": self.tokenizer.detokenize(_until_end(found)), "score": score}


def _until_end(ids: Tensor) -> tf.RaggedTensor:
    """Return `ids` (B, L) as a ragged tensor, cut before the end token or padding."""
    running = tf.cumsum(tf.cast((ids == EOS) | (ids == PAD), tf.int32), axis=1) == 0
    return tf.ragged.boolean_mask(ids, running)
