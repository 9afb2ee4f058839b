"""Batches of running text in rows of one length, without padding, for language models.

B batch, T row length, N rows, D documents.
"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from ...text.special import BOS, EOS
from .batching import Batches, Ids, Rows


@dataclass(frozen=True)
class PackedText(Batches):
    """Documents one after another, cut into rows of one length.

    A document is read from the start token on, and its end token is the last that is to be said: each token has a
    label, and no row has padding but the last, where the text does not fill it. In each epoch the text is cut
    elsewhere, so that what begins a row, and has nothing before it, is not always the same.

    Args:
        read: All ids that are read: of each document, the start token and then its own.
        labels: The id that follows each: of each document, its own and then the end token.
        length: Row length T.
        batch_tokens: Most tokens in a batch.
        seed: Seed of the cuts and of the order of rows.
        overlap: How many tokens of a row are also in the one before it; there they have labels, here they are what is
            known of the text. For scores: else a row's first tokens would be said knowing nothing.
    """

    read: np.ndarray
    labels: np.ndarray
    length: int
    batch_tokens: int
    seed: int = 0
    overlap: int = 0

    @classmethod
    def of(cls, ids: Ids, length: int, batch_tokens: int, seed: int = 0, overlap: int = 0) -> Self:
        """Return the documents `ids`, D of them, packed.

        Args:
            ids: Of each document, without special ids.
            length: Longest row; of a text that is shorter, its own length.
            batch_tokens: As of the class.
            seed: As of the class.
            overlap: As of the class, less than `length`.
        """
        read = np.insert(ids.flat, ids.starts[:-1], BOS).astype(np.int32)
        labels = np.insert(ids.flat, ids.starts[1:], EOS).astype(np.int32)
        length = max(min(length, len(read)), 1)
        return cls(read, labels, length, batch_tokens, seed, min(overlap, length - 1))

    @property
    def step(self) -> int:
        """From the start of a row to that of the next."""
        return self.length - self.overlap

    @property
    def rows(self) -> int:
        """N."""
        return max(-(-(len(self.read) - self.overlap) // self.step), 1)

    @property
    def lengths(self) -> list[np.ndarray]:
        """Length of each row: all are full but the last."""
        starts = np.arange(self.rows) * self.step
        return [np.minimum(self.length, len(self.read) - starts)]

    @property
    def tokens(self) -> int:
        """Number of real tokens in an epoch."""
        return int(self.lengths[0].sum())

    def plan(self, epoch: int | None = None) -> list[np.ndarray]:
        """Return the batches of an epoch: arrays of examples' numbers.

        Number `n` is row `n % N` of the text cut `n // N` tokens later; what is before the first cut comes last.
        """
        order = np.arange(self.rows)
        if epoch is not None:
            rng = np.random.default_rng((self.seed, epoch))
            order = rng.permutation(self.rows) + self.rows * rng.integers(self.step)
        size = max(self.batch_tokens // self.length, 1)
        return [order[first : first + size] for first in range(0, self.rows, size)]

    def batch(self, rows: Rows, rng: np.random.Generator | None = None) -> tuple[Any, Any]:
        """Return `({"tokens"}, labels)` of examples `rows`, each (B, T) int32, 0 where there is no text.

        Where a row begins with what the one before it holds, labels are 0, too.
        """
        later, number = np.divmod(rows, self.rows)
        places = (number * self.step)[:, None] + np.arange(self.length)  # (B, T), in the text that is cut later
        real = places < len(self.read)
        places = (places + later[:, None]) % len(self.read)
        known = (np.arange(self.length) < self.overlap) & (number > 0)[:, None]
        labels = np.where(real & ~known, self.labels[places], 0)
        return {"tokens": np.where(real, self.read[places], 0)}, labels
