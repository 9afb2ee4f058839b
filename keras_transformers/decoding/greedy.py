"""Greedy search: at each step, the most probable token.

B batch, L greatest output length, V vocabulary size.
"""

from typing import Any

import tensorflow as tf

from ..annotations import State, Tensor
from ..models.decodable import Decodable
from ..signature import register
from ..text.special import EOS, PAD
from .search import Search, forbid


@register("search", "greedy")
class Greedy(Search):
    """Takes the most probable token at each step, until the end token."""

    def find(
        self, model: Decodable, state: State, first: Tensor, limits: Tensor, length: Tensor
    ) -> tuple[Tensor, Tensor]:
        batch = tf.shape(first)[0]

        def unfinished(index: Tensor, done: Tensor, *_: Any) -> Tensor:
            return (index < length) & ~tf.reduce_all(done)

        def step(
            index: Tensor, done: Tensor, last: Tensor, score: Tensor, output: Tensor, state: State
        ) -> tuple[Any, ...]:
            logits, state = model.step(last[:, None], state)
            log_probability = tf.nn.log_softmax(forbid(logits[:, 0]))
            token = tf.argmax(log_probability, axis=-1, output_type=tf.int32)
            gain = tf.reduce_max(log_probability, axis=-1)
            score += tf.where(done, 0.0, gain)
            token = tf.where(done, PAD, token)
            output = tf.tensor_scatter_nd_update(output, [[index]], [token])
            done |= (token == EOS) | (index + 1 >= limits)
            return index + 1, done, token, score, output, state

        begin = (
            tf.constant(0),
            tf.zeros((batch,), tf.bool),
            first,
            tf.zeros((batch,), tf.float32),
            tf.fill((length, batch), PAD),
            state,
        )
        _, _, _, score, output, _ = tf.while_loop(unfinished, step, begin)
        return tf.transpose(output), score
