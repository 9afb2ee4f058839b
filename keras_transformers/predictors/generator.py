"""Says what a text is answered with: tokenizer, model and search as one TensorFlow module.

N texts, A answers of each, L greatest length of an answer in tokens.
"""

import abc
from functools import cached_property, partial
from typing import Any

import numpy as np
import tensorflow as tf

from ..annotations import Tensor
from ..decoding.rules import check_forbidden
from ..decoding.search import ENDLESS, Found, Search
from ..text.special import EOS, PAD, UNK
from .batched import in_batches, of_visible
from .predictor import Predictor

ROWS = 256
"""Answers that are decoded together at most: the more, the nearer each product comes to what the processor can do."""


class Generator(Predictor):
    """Abstract: answers any number of texts of any length, a bounded batch at a time.

    Subclasses say in `given` what the model reads.

    Args:
        model: A `Decodable`.
        tokenizer: Turns strings into ids and back, in the graph.
        search: Finds the answers, in the graph.
    """

    def __init__(self, model: Any, tokenizer: Any, search: Search) -> None:
        super().__init__(model, tokenizer)
        # Here, for what is raised while a graph is traced comes to nobody as a sentence.
        check_forbidden(getattr(search, "forbidden", None) or (), tokenizer.target.size)
        self.search = search
        self.longest = getattr(model, "longest_input", None) or ENDLESS

    @abc.abstractmethod
    def ids(self, text: Tensor) -> tf.RaggedTensor:
        """Return the tokens of texts, string (N,), by the tokenizer of what the model reads: (N, None)."""

    @abc.abstractmethod
    def given(self, ids: tf.RaggedTensor, prefix: tf.RaggedTensor | None) -> dict[str, tf.RaggedTensor]:
        """Return the model's inputs by name, each (N, None), from the tokens of texts and of answers' prefixes."""

    @tf.function(input_signature=[tf.TensorSpec((None,), tf.string, name="text")])
    def __call__(self, text: Tensor) -> dict[str, Tensor]:
        """Return `{"text": string (N,), "score": float32 (N,)}` for `text`, string (N,).

        The score is the answer's log-probability. Of a text that shows nothing, such as a blank line, the answer is ""
        and its score 0.
        """
        found = self._answers(text, None, None)
        return {"text": found["texts"][:, 0], "score": found["scores"][:, 0]}

    @tf.function(
        input_signature=[
            tf.TensorSpec((None,), tf.string, name="text"),
            tf.TensorSpec((None,), tf.string, name="prefix"),
            tf.TensorSpec((None,), tf.int64, name="seed"),
        ]
    )
    def answers(self, text: Tensor, prefix: Tensor, seed: Tensor) -> dict[str, Tensor]:
        """Return all answers that the search finds, the best first.

        Args:
            text: What is asked, string (N,).
            prefix: How each answer must begin, string (N,); "": as it likes.
            seed: Of a search that draws, int64 (N,): the same text and seed have the same answer.

        Returns:
            `texts`, string (N, A); `scores`, float32 (N, A), of what follows the prefix, -inf where there are fewer
            answers; `tokens`, string (N, A, L), their pieces and the end token, "" behind; `token_scores`, float32
            (N, A, L), 0 for the prefix.
        """
        return self._answers(text, prefix, seed)

    def signatures(self) -> dict[str, Any]:
        """Return `score`, and `answers`, which gives all answers and their tokens, and takes prefixes and seeds."""
        return {**super().signatures(), "answers": self.answers.get_concrete_function()}

    def _answers(self, text: Tensor, prefix: Tensor | None, seed: Tensor | None) -> dict[str, Tensor]:
        ids = self.ids(text)
        beginnings = None if prefix is None else self._known(self.tokenizer.target.tokenize(prefix))
        before = tf.zeros_like(ids.row_lengths()) if beginnings is None else beginnings.row_lengths()
        lengths, before = tf.cast(ids.row_lengths() + before + 1, tf.int32), tf.cast(before, tf.int32)
        most = tf.reduce_max(tf.concat([self.search.limit(lengths) + before, [1]], axis=0))
        asked = {"ids": ids} if beginnings is None else {"ids": ids, "prefix": beginnings, "seed": seed}

        def answer(asked: dict[str, Any]) -> dict[str, Tensor]:
            inputs = self.given(asked["ids"], asked.get("prefix"))
            rows = max(1, ROWS // getattr(self.search, "beams", 1))
            step = partial(self._answer, tuple(inputs))
            return in_batches(step, {**inputs, **asked}, self._outputs(), rows=rows, most=most)

        return of_visible(text, asked, answer)

    @cached_property
    def _pieces(self) -> np.ndarray:
        """What stands for each id, "" for padding: (V,)."""
        target = self.tokenizer.target
        with tf.init_scope():  # pieces are looked up now, not by the graph
            return np.array(["", *target.pieces(range(1, target.size))], dtype=object)

    def _outputs(self) -> dict[str, tf.TensorSpec]:
        count = self.search.answers
        return {
            "texts": tf.TensorSpec((None, count), tf.string),
            "scores": tf.TensorSpec((None, count), tf.float32),
            "tokens": tf.TensorSpec((None, count, None), tf.string),
            "token_scores": tf.TensorSpec((None, count, None), tf.float32),
        }

    def _answer(self, names: tuple[str, ...], asked: dict[str, Any]) -> dict[str, Tensor]:
        found = self.search(self.model, {name: asked[name] for name in names}, asked.get("seed"))
        if "prefix" in asked:
            found = _after(asked["prefix"], found)
        return self._written(found)

    def _written(self, found: Found) -> dict[str, Tensor]:
        ids = tf.reshape(found.ids, (tf.size(found.scores), tf.shape(found.ids)[2]))
        texts = self.tokenizer.target.detokenize(until_end(ids))
        return {
            "texts": tf.reshape(texts, tf.shape(found.scores)),
            "scores": found.scores,
            "tokens": tf.gather(self._pieces, found.ids),
            "token_scores": found.token_scores,
        }

    def _known(self, prefix: tf.RaggedTensor) -> tf.RaggedTensor:
        """Return the tokens of prefixes, or fail where one holds what the tokenizer has no token for."""
        sentence = "A prefix holds what the tokenizer has no token for: no answer can begin with it."
        return refused(prefix, tf.reduce_any(prefix.values == UNK), sentence)


def started(start: int, ids: tf.RaggedTensor) -> tf.RaggedTensor:
    """Return `ids` (N, None), each row after the token `start`."""
    return tf.concat([tf.RaggedTensor.from_tensor(tf.fill((ids.nrows(), 1), start)), ids], axis=1)


def until_end(ids: Tensor) -> tf.RaggedTensor:
    """Return `ids` (N, L) as a ragged tensor, cut before the end token or padding."""
    running = tf.cumsum(tf.cast((ids == EOS) | (ids == PAD), tf.int32), axis=1) == 0
    return tf.ragged.boolean_mask(ids, running)


def refused(ids: tf.RaggedTensor, where: Tensor, sentence: str) -> tf.RaggedTensor:
    """Return `ids`, or fail with a sentence if `where`, bool (), is true."""
    with tf.control_dependencies([tf.debugging.Assert(~where, [sentence])]):
        return ids.with_values(tf.identity(ids.values))


def _after(prefix: Tensor, found: Found) -> Found:
    """Return answers that begin with `prefix` (B, P), 0 where padded, whose tokens have no scores."""
    rows, answers = tf.unstack(tf.shape(found.scores))
    before = tf.RaggedTensor.from_tensor(tf.repeat(prefix, answers, axis=0), padding=PAD)

    def joined(first: tf.RaggedTensor, rest: Tensor) -> Tensor:
        rest = tf.RaggedTensor.from_tensor(tf.reshape(rest, (rows * answers, tf.shape(rest)[2])))
        whole = tf.concat([first, rest], axis=1).to_tensor()
        return tf.reshape(whole, (rows, answers, tf.shape(whole)[1]))

    none = before.with_values(tf.zeros_like(before.values, tf.float32))
    return Found(joined(before, found.ids), found.scores, joined(none, found.token_scores))
