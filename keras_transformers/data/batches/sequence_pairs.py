"""Batches of text pairs that the model encodes separately, bounded by tokens.

N pairs, B batch, T and S the lengths of the first and the second texts.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from .batching import Batches, Ids, Rows, padded_lengths


@dataclass(frozen=True)
class TextPairs(Batches):
    """Ids of two texts, special ids included, with labels for the pair.

    Args:
        first: Ids of the first texts.
        second: Ids of the second texts.
        labels: By name, an array (N,).
        batch_tokens: Most tokens in a batch, padding included, both texts together.
        seed: Seed of the order of batches.
    """

    ids = ("tokens", "second_tokens")

    first: Ids
    second: Ids
    labels: dict[str, np.ndarray]
    batch_tokens: int
    seed: int = 0

    @property
    def lengths(self) -> list[np.ndarray]:
        return [self.first.lengths, self.second.lengths]

    @property
    def tokens(self) -> int:
        """Number of real tokens that an epoch reads."""
        return len(self.first.flat) + len(self.second.flat)

    def batch(self, rows: Rows, rng: np.random.Generator | None = None) -> tuple[Any, Any]:
        """Return `(inputs, labels)` of pairs `rows`.

        Inputs are `tokens`, `segments` (B, T) and `second_tokens`, `second_segments` (B, S), int32, padded
        with 0; labels are (B,).
        """
        inputs = {}
        for side, ids in (("", self.first), ("second_", self.second)):
            width = int(padded_lengths(ids.lengths[rows].max()))
            inputs[f"{side}tokens"] = ids.padded(rows, width)
            inputs[f"{side}segments"] = np.zeros((len(rows), width), np.int32)
        return inputs, {name: label[rows] for name, label in self.labels.items()}
