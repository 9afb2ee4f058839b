"""Texts whose segmentation is drawn anew in each epoch.

N texts, B of a batch.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from .batching import Ids, Rows

_TRIED = 1000  # texts by which it is measured how much longer drawn segmentations are
_SEEDS = 2**32 - 1  # SentencePiece takes no greater seed

Draw = Callable[[Sequence[str], Sequence[int]], list[np.ndarray]]


@dataclass(frozen=True)
class Drawn:
    """Segmentations of texts, by a seed for each.

    Args:
        texts: N strs.
        whole: Their ids by the one segmentation that they have otherwise, which stands in for one that is too long.
        longest: Most ids of a text.
        stretch: How many times as long as otherwise a text is in the mean.
        sample: How they are drawn.
        draw: A `Tokenizer`'s.
    """

    texts: Sequence[str]
    whole: Ids
    longest: int
    stretch: float
    sample: Any
    draw: Draw = field(repr=False)

    @classmethod
    def of(cls, texts: Sequence[str], tokenizer: Any, whole: Ids, longest: int, seed: int) -> Self | None:
        """Return those of N texts; None where a tokenizer draws none.

        Args:
            texts: N strs.
            tokenizer: The `Tokenizer` of their side.
            whole: Their ids as it gives them.
            longest: Most ids of a text.
            seed: Seed of what is measured.
        """
        if tokenizer.sample is None:
            return None
        rng = np.random.default_rng(seed)
        rows = rng.permutation(len(texts))[:_TRIED]
        tried = tokenizer.draw([texts[row] for row in rows], _seeds(len(rows), rng))
        stretch = sum(map(len, tried)) / max(int(whole.lengths[rows].sum()), 1)
        return cls(texts, whole, longest, max(stretch, 1.0), tokenizer.sample, tokenizer.draw)

    @property
    def lengths(self) -> np.ndarray:
        """How long texts are to be taken for, (N,), since the plan of batches is the same in each epoch."""
        stretched = np.ceil(self.stretch * self.whole.lengths).astype(int)
        return np.asarray(np.minimum(stretched, self.longest))

    def ids(self, rows: Rows, rng: np.random.Generator) -> Ids:
        """Return segmentations of the texts `rows` (B,), drawn by the generator."""
        drawn = self.draw([self.texts[row] for row in rows], _seeds(len(rows), rng))
        flat, starts = self.whole.flat, self.whole.starts
        kept = [
            ids if len(ids) <= self.longest else flat[starts[row] : starts[row + 1]] for ids, row in zip(drawn, rows)
        ]
        return Ids(np.concatenate(kept), np.cumsum([0, *map(len, kept)]))


def _seeds(count: int, rng: np.random.Generator) -> list[int]:
    seeds: list[int] = rng.integers(_SEEDS, size=count).tolist()
    return seeds
