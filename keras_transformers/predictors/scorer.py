"""Says how probable given texts are: tokenizer and model as one TensorFlow module, without a search.

N texts, T tokens of the longest with its end token, B texts read together.
"""

from typing import Any

import tensorflow as tf

from ..annotations import Tensor
from ..decoding.likelihood import token_log_probabilities
from ..decoding.search import ENDLESS
from ..text.special import EOS
from .batched import TOKENS, in_batches
from .generator import started
from .predictor import Predictor

LOGITS = 2**25  # computed together at most: 128 MiB
OUTPUTS = {"score": tf.TensorSpec((None,), tf.float32), "token_scores": tf.TensorSpec((None, None), tf.float32)}


class Scorer(Predictor):
    """Abstract: gives the log-probability of texts, and of each of their tokens, a bounded batch at a time.

    All tokens of a text are read at once, each after those before it. Probabilities are taken among the tokens that
    answers are made of, so that a search gives its own answer the same score.

    Args:
        model: A `Decodable` that is called on its inputs, too, and gives logits.
        tokenizer: Turns strings into ids, in the graph.

    Attributes:
        reads: The name of the model's input that holds what is scored.
    """

    reads: str

    def __init__(self, model: Any, tokenizer: Any) -> None:
        super().__init__(model, tokenizer)
        self.longest = getattr(model, "longest_input", None) or ENDLESS
        self.pieces = tf.constant(tokenizer.target.pieces(range(tokenizer.target.size)))

    def scores(self, said: tf.RaggedTensor, **read: tf.RaggedTensor) -> dict[str, Tensor]:
        """Return what `__call__` does, given the ids that are scored and other inputs of the model by name."""
        labels = ended(said)
        inputs = {**read, self.reads: started(self.model.start, said), "labels": labels}
        tokens = min(TOKENS, max(LOGITS // self.model.output_shape[-1], 1))
        found = in_batches(self._scored, inputs, OUTPUTS, tokens)
        pieces = labels.with_values(tf.gather(self.pieces, labels.values)).to_tensor("")
        each = found["token_scores"][:, : tf.shape(pieces)[1]]  # sources may be longer
        return {"score": found["score"], "tokens": pieces, "token_scores": each}

    def fitting(self, ids: tf.RaggedTensor, what: str) -> tf.RaggedTensor:
        """Return `ids` (N, None), or fail where a row and one token more are more than the model can read."""
        lengths = tf.concat([ids.row_lengths(), [0]], axis=0)
        row = tf.argmax(tf.cast(lengths >= self.longest, tf.int32))
        number, count = tf.strings.as_string(row + 1), tf.strings.as_string(lengths[row])
        most = f" tokens, but the model can read {self.longest - 1}."
        sentence = tf.strings.join([f"The {what} of line ", number, " has ", count, most])
        with tf.control_dependencies([tf.debugging.Assert(lengths[row] < self.longest, [sentence])]):
            return ids.with_values(tf.identity(ids.values))

    def _scored(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        labels = inputs.pop("labels")
        logits = self.model(inputs, training=False)
        each = token_log_probabilities(logits, labels, self.model.start)
        return {"score": tf.reduce_sum(each, axis=1), "token_scores": each}


class PairScorer(Scorer):
    """Scores targets, each as what is said of its source."""

    reads = "target"

    @tf.function(
        input_signature=[
            tf.TensorSpec((None,), tf.string, name="text"),
            tf.TensorSpec((None,), tf.string, name="target"),
        ]
    )
    def __call__(self, text: Tensor, target: Tensor) -> dict[str, Tensor]:
        """Score each `target`, string (N,), which may be "", as a translation of its `text`, string (N,).

        Returns:
            `score`, float32 (N,): the total log-probability, that of the end token included; `tokens`, string (N, T):
            the pieces of the target and the end token, "" behind; `token_scores`, float32 (N, T): theirs, 0 behind.
        """
        source = self.fitting(self.tokenizer.source.tokenize(text), "source")
        return self.scores(self.fitting(self.tokenizer.target.tokenize(target), "target"), source=ended(source))


class TextScorer(Scorer):
    """Scores texts, each by itself."""

    reads = "tokens"

    @tf.function(input_signature=[tf.TensorSpec((None,), tf.string, name="text")])
    def __call__(self, text: Tensor) -> dict[str, Tensor]:
        """Score each `text`, string (N,), as `PairScorer` does targets."""
        return self.scores(self.fitting(self.tokenizer.tokenize(text), "text"))


def ended(ids: tf.RaggedTensor) -> tf.RaggedTensor:
    """Return `ids` (N, None), each row with the end token."""
    return tf.concat([ids, tf.RaggedTensor.from_tensor(tf.fill((ids.nrows(), 1), EOS))], axis=1)
