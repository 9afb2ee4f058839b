"""What an answer may not say, and what counts for less: rules that hold for every search.

N rows, V vocabulary size, T tokens said.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from ..annotations import Tensor
from ..errors import RecipeError
from ..text.special import EOS, PAD


class Past(NamedTuple):
    """What the rows have said.

    Args:
        tokens: (N, T), int32, 0 where a row has said less, at its beginning or end; what was given to it included.
        too_short: (N,), bool: whether the answer may not yet end.
    """

    tokens: Tensor
    too_short: Tensor


@dataclass(frozen=True)
class Rules:
    """The rules of a search, for one model.

    Args:
        start: The token that the model's answers begin with, and that they do not say.
        least: Whether there is a least length.
        repetition_penalty: By what the log-probability of a token is multiplied that has been said.
        no_repeat_ngram: No n-gram of this length is said twice; 0: any may be.
        forbidden: Tokens that are never said.
    """

    start: int
    least: bool = False
    repetition_penalty: float = 1.0
    no_repeat_ngram: int = 0
    forbidden: tuple[int, ...] = ()

    @property
    def any(self) -> bool:
        """Whether there is anything to apply."""
        return self.least or self.needs_past or bool(self.forbidden)

    @property
    def needs_past(self) -> bool:
        """Whether it matters what was said."""
        return self.repetition_penalty != 1 or self.no_repeat_ngram > 0

    @cached_property
    def never(self) -> tuple[int, ...]:
        """The tokens that no answer is made of, padding and the start, and so have no probability."""
        return tuple(sorted({PAD, self.start} - {EOS}))

    def answers(self, logits: Tensor) -> Tensor:
        """Return `logits` (N, V) with -inf at the tokens that no answer is made of."""
        return logits + _excluded(self.never, logits.shape[-1])

    def applied(self, values: Tensor, past: Past) -> Tensor:
        """Return log-probabilities (N, V) with -inf at what may not be said next, and less at what was said.

        Where nothing is left to say, the end token is.
        """
        ruled = values
        if self.repetition_penalty != 1:
            said = self.repetition_penalty * tf.gather(values, past.tokens, batch_dims=1)
            ruled = tf.tensor_scatter_nd_update(ruled, _where(past.tokens), said)
        if self.no_repeat_ngram:
            tokens, repeats = ends_of_repeats(past.tokens, self.no_repeat_ngram)
            less = tf.where(repeats, -np.inf, np.inf)
            ruled = tf.tensor_scatter_nd_min(ruled, _where(tokens), tf.cast(less, ruled.dtype))
        if self.forbidden:
            check_forbidden(self.forbidden, values.shape[-1])
            ruled += _excluded(self.forbidden, values.shape[-1])
        end = tf.fill((tf.shape(values)[0], 1), EOS)
        if self.least:
            less = tf.where(past.too_short, -np.inf, np.inf)[:, None]
            ruled = tf.tensor_scatter_nd_min(ruled, _where(end), tf.cast(less, ruled.dtype))
        nothing = tf.math.is_inf(tf.reduce_max(ruled, axis=-1, keepdims=True))
        return tf.tensor_scatter_nd_max(ruled, _where(end), tf.where(nothing, values[:, EOS : EOS + 1], -np.inf))


def check_forbidden(forbidden: Sequence[int], size: int) -> None:
    """Raise RecipeError if a vocabulary of `size` tokens lacks one that is forbidden."""
    if unknown := [number for number in forbidden if number >= size]:
        raise RecipeError(
            f"`forbidden` names token {unknown[0]}, but the vocabulary has tokens 0 to {size - 1}: leave it out."
        )


def ends_of_repeats(tokens: Tensor, length: int) -> tuple[Tensor, Tensor]:
    """Return what has followed each (n-1)-gram of `tokens`, and whether that is the one that stands at the end.

    Args:
        tokens: (N, T), int32, padded with 0 at the beginning.
        length: n.

    Returns:
        Tokens (N, M), int32, and whether saying each would repeat an n-gram, (N, M), bool.
    """
    before = length - 1
    width = tf.shape(tokens)[1]
    tokens = tf.pad(tokens, [[0, 0], [before, 0]])
    same = tf.ones((tf.shape(tokens)[0], width), tf.bool)
    for place in range(before):
        last = tokens[:, width + place][:, None]
        same &= tokens[:, place : place + width] == last
    followed = tokens[:, before : before + width]
    return followed, same & (followed != PAD)


def to_the_right(tokens: Tensor) -> Tensor:
    """Return `tokens` (N, T), 0 where padded at the end, padded at the beginning."""
    width = tf.shape(tokens)[1]
    lengths = tf.math.count_nonzero(tokens, axis=1, dtype=tf.int32)
    where = tf.range(width)[None, :] - (width - lengths)[:, None]
    return tf.where(where < 0, PAD, tf.gather(tokens, tf.maximum(where, 0), batch_dims=1))


def _excluded(ids: tuple[int, ...], size: int) -> Any:
    mask = np.zeros(size, "float32")
    mask[list(ids)] = -np.inf
    return tf.constant(mask)


def _where(tokens: Tensor) -> Tensor:
    """Return the places (N, T, 2) of `tokens` (N, T) in (N, V)."""
    rows = tf.broadcast_to(tf.range(tf.shape(tokens)[0])[:, None], tf.shape(tokens))
    return tf.stack([rows, tokens], axis=-1)
