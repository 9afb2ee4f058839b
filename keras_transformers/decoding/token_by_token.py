"""Searches that never go back: each answer of a sentence takes one token after the other, whatever the others say.

M sentences, K answers of each, N = M·K, T tokens said, V vocabulary size.
"""

import abc
from collections.abc import Iterator

import tensorflow as tf

from ..annotations import Tensor
from ..models.decodable import Decodable
from ..text.special import EOS, PAD
from .rounds import Memory, StepByStep, past
from .rules import Past, Rules
from .search import Found


class TokenByToken(StepByStep):
    """Abstract: takes a token at each step, until the end token.

    Subclasses fill in `take`.
    """

    @abc.abstractmethod
    def take(self, logits: Tensor, rules: Rules, past: Past, memory: Memory, step: Tensor) -> tuple[Tensor, Tensor]:
        """Return the next tokens (N,), int32, and their log-probabilities (N,).

        Args:
            logits: (N, V), float32.
            rules: What may not be said.
            past: What the rows have said.
            memory: What is known of each sentence.
            step: How many tokens have been said.
        """

    def begun(self, batch: Tensor) -> Memory:
        return {
            "ids": tf.zeros((batch, self.beams, 0), tf.int32),
            "token_scores": tf.zeros((batch, self.beams, 0), tf.float32),
            "ended": tf.zeros((batch, self.beams), tf.bool),
        }

    def advance(
        self, logits: Tensor, beams: int, memory: Memory, rules: Rules, step: Tensor
    ) -> tuple[Tensor, Tensor | None, Memory]:
        first = beams != self.beams  # all begin as one
        logits = tf.repeat(logits, self.beams, axis=0) if first else logits
        token, score = self.take(logits, rules, past(rules, memory, memory["ids"], step), memory, step)
        shape = tf.shape(memory["ended"])
        token = tf.where(memory["ended"], PAD, tf.reshape(token, shape))
        score = tf.where(memory["ended"], 0.0, tf.reshape(score, shape))
        ended = memory["ended"] | (token == EOS) | (step + 1 >= memory["limits"])[:, None]
        memory = {
            **memory,
            "ids": tf.concat([memory["ids"], token[:, :, None]], axis=2),
            "token_scores": tf.concat([memory["token_scores"], score[:, :, None]], axis=2),
            "ended": ended,
            "done": tf.reduce_all(ended, axis=1),
        }
        return token, tf.zeros(shape, tf.int32) if first else None, memory

    def ended(self, memory: Memory) -> Found:
        return Found(memory["ids"], tf.reduce_sum(memory["token_scores"], axis=2), memory["token_scores"])

    def tokens(
        self, model: Decodable, inputs: Tensor | dict[str, Tensor], seeds: Tensor | None = None
    ) -> Iterator[int]:
        """Yield the ids of one row's answer as they are said, its end token included: see `__call__`."""
        state, asked = self.begin(model, inputs, seeds)
        memory = {
            "done": tf.zeros_like(asked.first, tf.bool), "limits": asked.limits, "least": asked.least,
            "seeds": asked.seeds, "given": asked.past, **self.begun(tf.constant(1)),
        }  # fmt: skip
        state, last, step = model.hoisted(state), asked.first[:, None], 0
        while not memory["done"]:
            last, state, memory = self._step(model, last, state, memory, asked.rules, tf.constant(step))
            yield int(last[0, 0])
            step += 1
