"""Sampling: at each step, a token drawn by its probability.

N rows, V vocabulary size, C candidates.
"""

import math
from typing import Any

import tensorflow as tf

from ..annotations import Tensor
from ..errors import RecipeError
from ..signature import Count, Fraction, NotNegative, Seed, Share, register
from .candidates import largest, log_probabilities
from .rounds import Memory
from .rules import Past, Rules
from .seeds import uniform
from .token_by_token import TokenByToken


@register("search", "sample")
class Sample(TokenByToken):
    """Draws each token by its probability, of those that are probable enough.

    An answer depends on its text and seed alone, whatever else is asked with it. Its scores are the model's own, before
    temperature and truncation.

    Reference: Holtzman et al. 2020, https://arxiv.org/abs/1904.09751

    Args:
        temperature: By what log-probabilities are divided, above 0: below 1, what is probable is drawn more often,
            above 1, less.
        top_k: Only the so many most probable tokens are drawn; null: all.
        top_p: Only the most probable are drawn that together have this probability.
        min_p: Only those are drawn that have this part of the most probable one's probability (Nguyen et al. 2024,
            https://arxiv.org/abs/2407.01082).
        samples: Answers of each text.
        seed: Of a text for which none is given.

    Raises:
        RecipeError: The temperature is 0, or the limits contradict each other.
    """

    counted_by = "samples"

    def __init__(
        self,
        temperature: NotNegative = 1.0,
        top_k: Count | None = None,
        top_p: Share = 1.0,
        min_p: Fraction = 0.0,
        samples: Count = 1,
        seed: Seed = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if temperature == 0:
            raise RecipeError(
                "`temperature` must be above 0, but is 0: for the most probable token at each step use `greedy`."
            )
        self.temperature = temperature
        self.top_k = top_k
        self.top_p = top_p
        self.min_p = min_p
        self.samples = self.beams = self.answers = samples
        self.seed = seed

    def take(self, logits: Tensor, rules: Rules, past: Past, memory: Memory, step: Tensor) -> tuple[Tensor, Tensor]:
        whole = log_probabilities(rules.answers(logits))
        values, ids = self.drawable(rules.applied(whole, past) if rules.any else whole)
        numbers = tf.reshape(uniform(memory["seeds"], self.samples, step), (-1,))
        place = drawn(tf.nn.softmax(values), numbers)
        token = place if ids is None else tf.gather(ids, place, batch_dims=1)
        return token, tf.gather(whole, token, batch_dims=1)

    def drawable(self, log_probability: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return the logits (N, C) of what may be drawn, -inf elsewhere, and the tokens (N, C); None: all, in order."""
        values, ids = log_probability / self.temperature, None
        size = values.shape[-1]
        if self.top_k is not None and self.top_k < size:
            values, ids = largest(values, self.top_k)
        elif self.top_p < 1:
            values, ids = tf.math.top_k(values, size)
        if self.top_p < 1:
            probability = tf.nn.softmax(values)
            before = tf.cumsum(probability, axis=-1, exclusive=True)
            values = tf.where(before < self.top_p, values, -math.inf)
        if self.min_p > 0:
            most = tf.reduce_max(values, axis=-1, keepdims=True)
            values = tf.where(values >= most + math.log(self.min_p), values, -math.inf)
        return values, ids


def drawn(probability: Tensor, numbers: Tensor) -> Tensor:
    """Return where in each row of `probability` (N, C) a number in [0, 1) of `numbers` (N,) falls, (N,), int32."""
    heights = tf.cumsum(probability, axis=-1)
    total = heights[:, -1:]
    place = tf.searchsorted(heights, numbers[:, None] * total, side="right")
    last = tf.searchsorted(heights, total, side="left")  # what has any probability ends here; rounding may go past it
    return tf.minimum(place, last)[:, 0]
