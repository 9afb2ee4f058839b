"""Greedy search: at each step, the most probable token."""

import tensorflow as tf

from ..annotations import Tensor
from ..signature import register
from .candidates import candidates
from .rounds import Memory
from .rules import Past, Rules
from .token_by_token import TokenByToken


@register("search", "greedy")
class Greedy(TokenByToken):
    """Takes the most probable token at each step, until the end token."""

    def take(self, logits: Tensor, rules: Rules, past: Past, memory: Memory, step: Tensor) -> tuple[Tensor, Tensor]:
        _, scores, ids = candidates(logits, 1, rules, past)
        return tf.reshape(ids, (-1,)), tf.reshape(scores, (-1,))
