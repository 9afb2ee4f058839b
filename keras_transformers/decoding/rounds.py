"""Decoding step by step: the loop that all searches here share. Sentences that are done leave the batch.

B sentences, M of them still in the batch, K beams of each, A answers, T tokens said, L greatest output length,
V vocabulary size.
"""

import abc
from typing import Any

import tensorflow as tf

from ..annotations import State, Tensor
from ..models.decodable import Decodable
from .growing import growing
from .rules import Past, Rules
from .search import Asked, Found, Search

Memory = dict[str, Tensor]
"""What a search knows of each sentence: tensors by name, each (M, …). `done`, bool (M,), `limits`, `least`, `seeds` and
`given`, the beginnings (M, P), are in all; the rest is the search's own."""

LEAVING = 4
"""Sentences that are done leave when they are one in so many: to drop them, the caches of the others are copied."""


class StepByStep(Search):
    """Abstract: a search that goes forward one token a step, and follows K beams of each sentence.

    Subclasses fill in `begun`, `advance` and `ended`.
    """

    beams = 1

    @abc.abstractmethod
    def begun(self, batch: Tensor) -> Memory:
        """Return what is known of `batch` sentences that have said nothing."""

    @abc.abstractmethod
    def advance(
        self, logits: Tensor, beams: int, memory: Memory, rules: Rules, step: Tensor
    ) -> tuple[Tensor, Tensor | None, Memory]:
        """Choose the next tokens.

        Args:
            logits: (M·`beams`, V), float32, of the beams of a sentence one after the other.
            beams: K; at step 0 it is 1: all beams begin as one.
            memory: What is known.
            rules: What may not be said.
            step: How many tokens have been said.

        Returns:
            Tokens (M, K), int32, 0 in a beam that has ended; the beams that they go on from, (M, K), or None where each
            goes on from itself; and what is known now, `done` included.
        """

    @abc.abstractmethod
    def ended(self, memory: Memory) -> Found:
        """Return the answers of sentences that are done."""

    def find(self, model: Decodable, state: State, asked: Asked) -> Found:
        memory = {
            "done": tf.zeros_like(asked.first, tf.bool),
            "limits": asked.limits,
            "least": asked.least,
            "seeds": asked.seeds,
            "given": asked.past,
            **self.begun(tf.shape(asked.first)[0]),
        }
        before = (None, None, None, state, memory, None)
        state, last, step = model.hoisted(state), asked.first[:, None], tf.constant(0)
        batch = tf.shape(asked.first)[0]
        found = Found(
            tf.zeros((batch, self.answers, asked.length), tf.int32),
            tf.zeros((batch, self.answers), tf.float32),
            tf.zeros((batch, self.answers, asked.length), tf.float32),
        )
        going = (tf.range(batch), last, state, memory, found)
        if self.beams > 1:  # the first step is not part of the loop: the beams are still one
            last, state, memory = self._step(model, last, state, memory, asked.rules, step)
            step += 1
            going = self._without_done(model, tf.range(batch), last, state, memory, found)

        def unfinished(step: Tensor, rows: Tensor, *_: Any) -> Tensor:
            return (step < asked.length) & (tf.size(rows) > 0)

        def go_on(step: Tensor, rows: Tensor, last: Tensor, state: State, memory: Memory, found: Any) -> Any:
            last, state, memory = self._step(model, last, state, memory, asked.rules, step)
            done = tf.math.count_nonzero(memory["done"], dtype=tf.int32)
            leave = (done > 0) & (LEAVING * done >= tf.size(rows))
            going = (rows, last, state, memory, found)
            going = tf.cond(leave, lambda: self._without_done(model, *going), lambda: going)
            return step + 1, *going

        variables = (step, *going)
        shapes = growing(variables, before)
        _, rows, _, _, memory, found = tf.while_loop(unfinished, go_on, variables, shape_invariants=shapes)
        return self._written(found, rows, memory)

    def _step(
        self, model: Decodable, last: Tensor, state: State, memory: Memory, rules: Rules, step: Tensor
    ) -> tuple[Tensor, State, Memory]:
        """Read the tokens `last` (M, K), and choose those that follow."""
        beams = last.shape[1]
        logits, state = model.step(tf.reshape(last, (-1, 1)), state)
        logits = tf.reshape(logits, (-1, logits.shape[-1]))
        last, parents, memory = self.advance(logits, beams, memory, rules, step)
        if parents is not None:
            state = model.choose_beams(state, parents, beams)
        return last, state, memory

    def _without_done(
        self, model: Decodable, rows: Tensor, last: Tensor, state: State, memory: Memory, found: Found
    ) -> tuple[Tensor, Tensor, State, Memory, Found]:
        """Write the answers of the sentences that are done, and go on without them."""
        kept, gone = tf.where(~memory["done"])[:, 0], tf.where(memory["done"])[:, 0]
        found = self._written(found, tf.gather(rows, gone), _chosen(memory, gone))
        state = model.choose_sentences(state, tf.cast(kept, tf.int32), self.beams)
        return tf.gather(rows, kept), tf.gather(last, kept), state, _chosen(memory, kept), found

    def _written(self, found: Found, rows: Tensor, memory: Memory) -> Found:
        """Return `found` with the answers of the sentences `rows`."""
        length = tf.shape(found.ids)[2]
        ended = self.ended(memory)
        padding = [[0, 0], [0, 0], [0, length - tf.shape(ended.ids)[2]]]
        new = Found(tf.pad(ended.ids, padding), ended.scores, tf.pad(ended.token_scores, padding))
        return Found(*(tf.tensor_scatter_nd_update(old, rows[:, None], x) for old, x in zip(found, new, strict=True)))


def past(rules: Rules, memory: Memory, said: Tensor, step: Tensor) -> Past:
    """Return what beams have said, those of a sentence one after the other.

    Args:
        rules: What may not be said.
        memory: What is known.
        said: (M, K, T), int32.
        step: T.
    """
    sentences, beams, _ = tf.unstack(tf.shape(said))
    too_short = tf.repeat(memory["least"] > step, beams)
    if not rules.needs_past:
        return Past(tf.zeros((0, 0), tf.int32), too_short)
    given = tf.repeat(memory["given"][:, None], beams, axis=1)
    tokens = tf.concat([given, said], axis=2)
    return Past(tf.reshape(tokens, (sentences * beams, tf.shape(tokens)[2])), too_short)


def _chosen(memory: Memory, sentences: Tensor) -> Memory:
    return {name: tf.gather(values, sentences) for name, values in memory.items()}
