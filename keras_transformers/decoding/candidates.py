"""The tokens that may follow: how probable each is, and which are the best.

N rows, V vocabulary size, C candidates.
"""

import math

import tensorflow as tf

from ..annotations import Tensor
from .rules import Past, Rules

SMALL = 1024
"""Vocabularies up to this size are sorted at one stroke."""


def candidates(logits: Tensor, count: int, rules: Rules, past: Past) -> tuple[Tensor, Tensor, Tensor]:
    """Return the `count` best tokens that may follow, best first.

    Args:
        logits: Of the model, (N, V), float32.
        count: C, at most V.
        rules: What may not be said.
        past: What the rows have said.

    Returns:
        By what they are chosen, (N, C), float32; their log-probabilities, (N, C), float32; the tokens, (N, C), int32.
        The two differ only where rules say so: there what is forbidden has -inf.
    """
    allowed = rules.answers(logits)
    if not rules.any:
        best, ids = largest(allowed, count)
        own = best - log_normalizer(allowed, best[:, :1], ids[:, :1])
        return own, own, ids
    whole = log_probabilities(allowed)
    best, ids = largest(rules.applied(whole, past), count)
    return best, tf.gather(whole, ids, batch_dims=1), ids


def log_probabilities(logits: Tensor) -> Tensor:
    """Return the log-softmax of `logits` (N, V), or fail where they are no numbers."""
    return logits - checked(tf.reduce_logsumexp(logits, axis=-1, keepdims=True))


def log_normalizer(logits: Tensor, best: Tensor, ids: Tensor) -> Tensor:
    """Return the logarithm of the sum of exponentials of `logits` (N, V), (N, 1), or fail where they are no numbers.

    One token's probability tells it: a softmax passes through the rows once, and is the fastest such pass.

    Args:
        logits: The logits.
        best: The greatest of each row, (N, 1).
        ids: Its token, (N, 1).
    """
    probability = tf.gather(tf.nn.softmax(logits), ids, batch_dims=1)
    return checked(best - tf.math.log(probability))


def checked(normalizer: Tensor) -> Tensor:
    """Return `normalizer` (N, 1), or fail where it is no number: an answer would be made up."""
    sentence = "The logits of the model are no numbers (NaN or infinite): its weights are broken, and it has no answer."
    with tf.control_dependencies([tf.debugging.Assert(tf.reduce_all(tf.math.is_finite(normalizer)), [sentence])]):
        return tf.identity(normalizer)


def largest(values: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Return the `count` largest of each row of `values` (N, V), largest first, and where they are, (N, C), int32.

    Those of a large vocabulary are looked for in the `count` groups of tokens with the largest maxima: `tf.math.top_k`
    takes ten times as long. Of equal values the first comes first, as there.
    """
    size = values.shape[-1]
    if size <= SMALL or size < 64 * count:
        best, ids = tf.math.top_k(values, count)
        return best, ids
    width = 2 ** round(math.log2(math.sqrt(size / count)))
    if size % width:
        values = tf.pad(values, [[0, 0], [0, -size % width]], constant_values=-math.inf)
    groups = tf.reshape(values, (-1, -(-size // width), width))
    _, chosen = tf.math.top_k(tf.reduce_max(groups, axis=-1), count)
    chosen = tf.sort(chosen, axis=-1)  # so that of equal values the first comes first
    inside = tf.reshape(tf.gather(groups, chosen, batch_dims=1), (-1, count * width))
    best, where = tf.math.top_k(inside, count)
    return best, tf.gather(chosen, where // width, batch_dims=1) * width + where % width
