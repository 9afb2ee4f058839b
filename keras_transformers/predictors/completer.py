"""Says how texts go on: tokenizer, model and search as one TensorFlow module."""

from typing import Any

import tensorflow as tf

from ..annotations import Tensor
from ..decoding.search import Search
from ..models.backbone import longest_input
from ..text.special import BOS, PAD
from .batched import in_batches, of_visible
from .predictor import Predictor
from .streaming import signatures
from .translator import OUTPUTS, _until_end

ENDLESS = 2**30  # tokens that a model without learnt positions can read


class Completer(Predictor):
    """Goes on from any number of prompts of any length, a bounded batch at a time.

    Args:
        model: A `Decodable` that goes on from `tokens`, as `LanguageModel`.
        tokenizer: Turns strings into ids and back, in the graph.
        search: Finds how the text goes on, in the graph.
        length: Longest row in tokens for scores.
    """

    def __init__(self, model: Any, tokenizer: Any, search: Search, length: int) -> None:
        super().__init__(model, tokenizer)
        self.search = search
        self.length = length
        self.longest = longest_input(model, ENDLESS)

    @tf.function(input_signature=[tf.TensorSpec((None,), tf.string, name="text")])
    def __call__(self, text: Tensor) -> dict[str, Tensor]:
        """Return `{"text": string (N,), "score": float32 (N,)}` for prompts `text`, string (N,).

        The answer is what follows the prompt, without the prompt; the score is its total log-probability. Of a prompt
        that shows nothing, such as a blank line, the answer is "" and its score 0.
        """
        ids = self._ids(text)
        return of_visible(text, ids, self._continued)

    def signatures(self) -> dict[str, Any]:
        """Return `begin`, `step` and `detokenize`, by which a server streams: see `streaming.signatures`."""
        return signatures(self.model, lambda text: _started(self._ids(text)).to_tensor(PAD), self.tokenizer.detokenize)

    def _ids(self, text: Tensor) -> tf.RaggedTensor:
        """Return the tokens of prompts, or fail where one is longer than the model can read."""
        ids = self.tokenizer.tokenize(text)
        too_long = tf.reduce_any(ids.row_lengths() >= self.longest)
        sentence = f"A prompt is longer than the {self.longest - 1} tokens that the model can read."
        with tf.control_dependencies([tf.debugging.Assert(~too_long, [sentence])]):
            return ids.with_values(tf.identity(ids.values))

    def _continued(self, ids: tf.RaggedTensor) -> dict[str, Tensor]:
        return in_batches(self._continue, {"tokens": _started(ids)}, OUTPUTS)

    def _continue(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        said = inputs["tokens"]
        lengths = tf.math.count_nonzero(said, axis=1, dtype=tf.int32)
        limits = tf.minimum(self.search.limit(lengths), self.longest - lengths + 1)
        most = tf.reduce_max(limits)
        state = self.model.begin({"tokens": said}, tf.shape(said)[1] + most)
        first = tf.gather(said, lengths - 1, batch_dims=1)
        found, score = self.search.find(self.model, state, first, limits, most)
        return {"text": self.tokenizer.detokenize(_until_end(found)), "score": score}


def _started(ids: tf.RaggedTensor) -> tf.RaggedTensor:
    """Return `ids` (N, None), each row after the start token."""
    return tf.concat([tf.RaggedTensor.from_tensor(tf.fill((ids.nrows(), 1), BOS)), ids], axis=1)
