"""Beam search: at each step, the best of all ways to go on.

M sentences, K beams of each, C candidates of a beam, F answers kept, T tokens said, L greatest output length,
V vocabulary size.
"""

from typing import Annotated, Any

import tensorflow as tf

from ..annotations import Tensor
from ..errors import RecipeError
from ..signature import AtMost, Count, register
from ..text.special import EOS
from .candidates import candidates
from .rounds import Memory, StepByStep, past
from .rules import Rules
from .search import Found


def penalty(length: Tensor, alpha: float) -> Tensor:
    """Return ((5 + n) / 6)^alpha for answers of n tokens, the end token included.

    Source: Wu et al. 2016, section 7, https://arxiv.org/abs/1609.08144
    """
    return ((5.0 + tf.cast(length, tf.float32)) / 6.0) ** alpha


@register("search", "beam")
class Beam(StepByStep):
    """Follows the `beams` most probable beginnings, and ends when none can become better than what is found.

    With α above 0 that may be long after the best answer is found, for a long answer might still overtake it: `early`
    does not wait. Answers stand in the order of their log-probability over the length penalty.

    Reference: Wu et al. 2016, section 7, https://arxiv.org/abs/1609.08144

    Args:
        beams: Beginnings followed for each text.
        length_penalty: The α of ((5 + n) / 6)^α, by which the log-probability of n tokens is divided: above 0 longer
            answers are preferred, below 0 shorter ones.
        n_best: Answers of each text.
        early: Whether it ends as soon as it has met as many ends as it has beams, as most other libraries do: faster,
            but a better answer may be missed.

    Raises:
        RecipeError: There are more answers than beams, or the limits contradict each other.
    """

    counted_by = "n_best"

    def __init__(
        self,
        beams: Count = 4,
        length_penalty: float = 0.6,
        n_best: Annotated[Count, AtMost("beams")] = 1,
        early: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if n_best > beams:
            raise RecipeError(f"`n_best` ({n_best}) must be at most `beams` ({beams}): a search finds no more answers.")
        self.beams = beams
        self.length_penalty = length_penalty
        self.early = early
        self.n_best = self.answers = n_best

    def begun(self, batch: Tensor) -> Memory:
        none = tf.fill((batch, self.n_best), tf.constant(float("-inf")))
        return {
            "scores": tf.tile([[0.0] + (self.beams - 1) * [float("-inf")]], (batch, 1)),
            "ids": tf.zeros((batch, self.beams, 0), tf.int32),
            "token_scores": tf.zeros((batch, self.beams, 0), tf.float32),
            "ends": tf.zeros((batch,), tf.int32),  # met so far among the K best ways to go on
            "found": none,  # by what answers are ranked
            "found_ids": tf.zeros((batch, self.n_best, 0), tf.int32),
            "found_token_scores": tf.zeros((batch, self.n_best, 0), tf.float32),
        }

    def advance(
        self, logits: Tensor, beams: int, memory: Memory, rules: Rules, step: Tensor
    ) -> tuple[Tensor, Tensor | None, Memory]:
        count = min(2 * self.beams, logits.shape[-1])  # of these at most half end
        said = past(rules, memory, memory["ids"][:, :beams], step)
        gains, scores, tokens = candidates(logits, count, rules, said)
        shape = (-1, beams * count)
        totals = tf.reshape(memory["scores"][:, :beams, None] + tf.reshape(gains, (-1, beams, count)), shape)
        totals = tf.pad(totals, [[0, 0], [0, max(0, 2 * self.beams - beams * count)]], constant_values=float("-inf"))
        totals, chosen = tf.math.top_k(totals, 2 * self.beams)
        chosen = tf.minimum(chosen, beams * count - 1)
        parents = chosen // count
        token = tf.gather(tf.reshape(tokens, shape), chosen, batch_dims=1)
        score = tf.gather(tf.reshape(scores, shape), chosen, batch_dims=1)

        last = (step + 1 >= memory["limits"])[:, None]
        ends = ((token == EOS) | last) & (totals > float("-inf"))
        new = ends & ~memory["done"][:, None]  # whatever is done says nothing more while it waits to leave
        memory = self._with_ends(memory, tf.where(new, totals, float("-inf")), parents, token, score, step)
        alive, going = tf.math.top_k(tf.where(ends, float("-inf"), totals), self.beams)
        parents, token, score = (tf.gather(x, going, batch_dims=1) for x in (parents, token, score))
        memory = {
            **memory,
            "scores": alive,
            "ends": memory["ends"] + tf.math.count_nonzero(ends[:, : self.beams], axis=1, dtype=tf.int32),
            "ids": _longer(memory["ids"], parents, token),
            "token_scores": _longer(memory["token_scores"], parents, score),
        }
        reachable = self._reachable(alive[:, 0], memory, step)
        enough = memory["found"][:, -1] >= reachable
        enough = enough | (memory["ends"] >= self.beams) if self.early else enough
        memory["done"] = last[:, 0] | enough
        return token, parents if self.beams > 1 else None, memory

    def ended(self, memory: Memory) -> Found:
        scores = tf.reduce_sum(memory["found_token_scores"], axis=2)
        exists = memory["found"] > float("-inf")
        return Found(memory["found_ids"], tf.where(exists, scores, float("-inf")), memory["found_token_scores"])

    def _with_ends(
        self, memory: Memory, totals: Tensor, parents: Tensor, token: Tensor, score: Tensor, step: Tensor
    ) -> Memory:
        """Keep the best of the answers found before and those that end now, whose totals are not -inf."""
        ranks = tf.concat([memory["found"], totals / penalty(step + 1, self.length_penalty)], axis=1)
        found, kept = tf.math.top_k(ranks, self.n_best)
        new = {"found": found}
        for name, x in (("ids", token), ("token_scores", score)):
            before = tf.pad(memory[f"found_{name}"], [[0, 0], [0, 0], [0, 1]])
            both = tf.concat([before, _longer(memory[name], parents, x)], axis=1)
            new[f"found_{name}"] = tf.gather(both, kept, batch_dims=1)
        return {**memory, **new}

    def _reachable(self, best: Tensor, memory: Memory, step: Tensor) -> Tensor:
        """Return the best rank (M,) that a beam of total `best` (M,) can still come to.

        Log-probabilities are at most 0, so no total grows. What divides it is greatest, or for α < 0 least, at one of
        the two lengths between which the answer may end.
        """
        soonest = tf.minimum(tf.maximum(step + 2, memory["least"] + 1), memory["limits"])
        ends = (soonest, memory["limits"])
        return tf.reduce_max(tf.stack([best / penalty(length, self.length_penalty) for length in ends]), axis=0)


def _longer(said: Tensor, parents: Tensor, new: Tensor) -> Tensor:
    """Return what the beams `parents` (M, C) have said, (M, K, T), and what each says next, (M, C)."""
    return tf.concat([tf.gather(said, parents, batch_dims=1), new[:, :, None]], axis=2)
