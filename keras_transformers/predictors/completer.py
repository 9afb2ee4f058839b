"""Says how texts go on: tokenizer, model and search as one TensorFlow module."""

from typing import Any

import tensorflow as tf

from ..annotations import Tensor
from ..decoding.search import Search
from ..text.special import PAD
from .generator import Generator, refused, started
from .scorer import TextScorer
from .streaming import signatures


class Completer(Generator):
    """Goes on from any number of prompts of any length, a bounded batch at a time.

    The answer is what follows the prompt, without the prompt.

    Args:
        model: A `Decodable` that goes on from `tokens`, as `LanguageModel`.
        tokenizer: Turns strings into ids and back, in the graph.
        search: Finds how the text goes on, in the graph.
        length: Longest row in tokens for scores.
    """

    def __init__(self, model: Any, tokenizer: Any, search: Search, length: int) -> None:
        super().__init__(model, tokenizer, search)
        self.length = length

    def ids(self, text: Tensor) -> tf.RaggedTensor:
        ids = self.tokenizer.tokenize(text)
        return refused(ids, tf.reduce_any(ids.row_lengths() >= self.longest), self._too_long("A prompt"))

    def given(self, ids: tf.RaggedTensor, prefix: tf.RaggedTensor | None) -> dict[str, tf.RaggedTensor]:
        if prefix is not None:
            ids = tf.concat([ids, prefix], axis=1)
            sentence = self._too_long("A prompt and the prefix of its answer")
            ids = refused(ids, tf.reduce_any(ids.row_lengths() >= self.longest), sentence)
        return {"tokens": started(self.model.start, ids)}

    def scorer(self) -> TextScorer:
        """Return what scores given texts."""
        return TextScorer(self.model, self.tokenizer)

    def signatures(self) -> dict[str, Any]:
        """Return `answers`, `score`, and `begin`, `step` and `detokenize`, by which a server streams (streaming.py)."""
        return {**super().signatures(), **signatures(self.model, self._prompts, self.tokenizer.detokenize)}

    def _prompts(self, text: Tensor) -> Tensor:
        return started(self.model.start, self.ids(text)).to_tensor(PAD)

    def _too_long(self, what: str) -> str:
        return f"{what} is longer than the {self.longest - 1} tokens that the model can read."
