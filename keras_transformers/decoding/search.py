"""The contract of searches: what one is asked, and what it finds.

B sentences, P length of a beginning, A answers of a sentence, L greatest output length.
"""

import abc
from dataclasses import dataclass
from typing import NamedTuple

import tensorflow as tf

from ..annotations import State, Tensor
from ..errors import RecipeError
from ..models.decodable import Decodable
from ..signature import Count, Natural, NotNegative, Positive
from .rules import Rules, to_the_right

ENDLESS = 2**30
"""Tokens that a model without learnt positions can read."""


class Found(NamedTuple):
    """What a search finds.

    Args:
        ids: (B, A, L), int32, 0 after the end token or the limit. The best answer is the first; of a search that draws
            them, they stand as they are drawn.
        scores: (B, A), float32: the log-probability of each answer, among tokens that answers are made of; -inf
            where there is none.
        token_scores: (B, A, L), float32: that of each of its tokens, 0 after the last.
    """

    ids: Tensor
    scores: Tensor
    token_scores: Tensor


@dataclass(frozen=True)
class Asked:
    """What a search is asked, beside the state to begin with.

    Args:
        first: What the first step reads, (B,), int32.
        limits: Most tokens that each answer may have, (B,), int32, from 1 to L.
        least: Fewest tokens that must stand before its end token, (B,), int32.
        length: L, a scalar.
        past: What was given as the beginning, (B, P), int32, padded with 0 at the beginning.
        seeds: Of each sentence, (B,), int64.
        rules: What may not be said.
    """

    first: Tensor
    limits: Tensor
    least: Tensor
    length: Tensor
    past: Tensor
    seeds: Tensor
    rules: Rules


class Search(abc.ABC):
    """Abstract: finds what a model says, in the graph.

    Subclasses fill in `find`, which sees the model as any `Decodable`: it calls `step`, and where it goes on from some
    rows and drops others `choose`, or for several beams of each sentence `choose_beams` and `choose_sentences`.

    Args:
        max_ratio: An answer has at most `max_ratio` times its source's tokens …
        max_extra: … and this many more.
        max_length: It has no more than this. Limits count the end token; of a translation also what is given as its
            beginning, which of a language model is part of the prompt.
        min_ratio: Before its end token are at least `min_ratio` times its source's tokens …
        min_length: … and at least this many.
        repetition_penalty: The log-probability of a token that the answer holds is multiplied by this when the next is
            chosen (after Keskar et al. 2019, https://arxiv.org/abs/1909.05858); 1: it is not.
        no_repeat_ngram: An answer holds no n-gram of this length twice; 0: it may.
        forbidden: Ids of tokens that no answer holds.

    Raises:
        RecipeError: The least length is above the greatest.
    """

    answers = 1
    counted_by: str | None = None
    """The name of the argument that says how many answers it finds, if it can find several."""

    def __init__(
        self,
        max_ratio: Positive = 1.5,
        max_extra: Natural = 12,
        max_length: Count | None = None,
        min_ratio: NotNegative = 0.0,
        min_length: Natural = 0,
        repetition_penalty: Positive = 1.0,
        no_repeat_ngram: Natural = 0,
        forbidden: list[Natural] | None = None,
    ) -> None:
        if max_length is not None and min_length >= max_length:
            raise RecipeError(
                f"`min_length` ({min_length}) must be below `max_length` ({max_length}), which counts the end token."
            )
        if min_ratio > max_ratio:
            raise RecipeError(f"`min_ratio` ({min_ratio}) must be at most `max_ratio` ({max_ratio}).")
        self.max_ratio = max_ratio
        self.max_extra = max_extra
        self.max_length = max_length
        self.min_ratio = min_ratio
        self.min_length = min_length
        self.repetition_penalty = repetition_penalty
        self.no_repeat_ngram = no_repeat_ngram
        self.forbidden = forbidden

    def limit(self, lengths: Tensor) -> Tensor:
        """Return the greatest number of output tokens for sources of these lengths, int32."""
        most = tf.cast(tf.math.ceil(self.max_ratio * tf.cast(lengths, tf.float32)), tf.int32) + self.max_extra
        return most if self.max_length is None else tf.minimum(most, self.max_length)

    def least(self, lengths: Tensor) -> Tensor:
        """Return the least number of tokens before the end token for sources of these lengths, int32."""
        fewest = tf.cast(tf.math.ceil(self.min_ratio * tf.cast(lengths, tf.float32)), tf.int32)
        return tf.maximum(fewest, self.min_length)

    def __call__(self, model: Decodable, inputs: Tensor | dict[str, Tensor], seeds: Tensor | None = None) -> Found:
        """Decode.

        Args:
            model: A `Decodable`, such as `Transformer`.
            inputs: Ids by the names of the model's inputs, each (B, …), int32, 0 where padded at the end; or those of
                `source` alone. They may hold a beginning of the output under the name `model.continues`, its start
                token first; of a language model that is the prompt, by whose length answers are measured.
            seeds: Of each row, (B,), int64; by default the search's own.

        Returns:
            What follows what was given.

        Raises:
            RecipeError: The model does not say its output token by token.
        """
        state, asked = self.begin(model, inputs, seeds)
        return self.find(model, state, asked)

    def begin(
        self, model: Decodable, inputs: Tensor | dict[str, Tensor], seeds: Tensor | None = None
    ) -> tuple[State, Asked]:
        """Return the state before the first step, and what is asked: see `__call__`."""
        if not isinstance(model, Decodable):
            raise RecipeError(
                "A search needs a model that says its output token by token, such as `model/transformer`, "
                f"not a {type(model).__name__}."
            )
        given = inputs if isinstance(inputs, dict) else {"source": inputs}
        given = {name: _of_any_shape(values) for name, values in given.items()}
        beginning = given.get(model.continues)
        others = [values for name, values in given.items() if name != model.continues]
        measured = others[0] if others else beginning
        said = tf.fill((tf.shape(measured)[0], 1), model.start) if beginning is None else beginning
        said_lengths = tf.math.count_nonzero(said[:, 1:], axis=1, dtype=tf.int32) + 1
        source_lengths = tf.math.count_nonzero(measured, axis=1, dtype=tf.int32)
        limits, least = self.limit(source_lengths), self.least(source_lengths)
        if others:
            limits, least = limits - said_lengths + 1, least - said_lengths + 1
        room = (getattr(model, "longest_input", None) or ENDLESS) - said_lengths + 1
        limits = tf.maximum(tf.minimum(limits, room), 1)
        length = tf.reduce_max(tf.concat([limits, [1]], axis=0))
        state = model.begin(given, tf.shape(said)[1] - 1 + length)
        return state, Asked(
            first=tf.gather(said, said_lengths - 1, batch_dims=1),
            limits=limits,
            least=tf.minimum(least, limits - 1),
            length=length,
            past=to_the_right(said[:, 1:]),
            seeds=self.seeds(tf.shape(said)[0]) if seeds is None else _of_any_shape(tf.cast(seeds, tf.int64)),
            rules=Rules(
                start=model.start,
                least=self.min_ratio > 0 or self.min_length > 0,
                repetition_penalty=self.repetition_penalty,
                no_repeat_ngram=self.no_repeat_ngram,
                forbidden=tuple(self.forbidden or ()),
            ),
        )

    def seeds(self, batch: Tensor) -> Tensor:
        """Return the seeds of rows for which none are given, (B,), int64: the search's own for each."""
        return tf.fill((batch,), tf.constant(getattr(self, "seed", 0), tf.int64))

    @abc.abstractmethod
    def find(self, model: Decodable, state: State, asked: Asked) -> Found:
        """Return what the model says.

        Args:
            model: A `Decodable`.
            state: From its `begin`.
            asked: What is asked.
        """


def _of_any_shape(values: Tensor) -> Tensor:
    """Return a tensor whose shape the graph does not know: sentences leave the batch, and caches grow."""
    values = tf.convert_to_tensor(values)
    if tf.executing_eagerly():
        return values
    return tf.compat.v1.placeholder_with_default(values, [None] * len(values.shape))
