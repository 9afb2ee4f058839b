"""Batches of labelled sequences, bounded by tokens.

N sequences, B batch, T length.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .batching import Batches, Ids, Rows, padded_lengths

IGNORED = -1
"""The label of a position that has none."""


@dataclass(frozen=True)
class Sequences(Batches):
    """Sequences of ids, special ids included, with labels for each or for their positions.

    Args:
        inputs: `tokens` and whatever else the model reads, by the name of its input; all are of
            the same lengths.
        labels: By name: one for each sequence, an array (N, …); or one for each position, `Ids`.
        batch_tokens: Most tokens in a batch, padding included.
        seed: Seed of the order of batches.
    """

    inputs: dict[str, Ids]
    labels: Mapping[str, np.ndarray | Ids]
    batch_tokens: int
    seed: int = 0

    @property
    def lengths(self) -> list[np.ndarray]:
        return [self.inputs["tokens"].lengths]

    @property
    def tokens(self) -> int:
        """Number of real tokens that an epoch reads."""
        return len(self.inputs["tokens"].flat)

    def batch(self, rows: Rows, rng: np.random.Generator | None = None) -> tuple[Any, Any]:
        """Return `(inputs, labels)` of sequences `rows`, both dicts.

        Inputs are (B, T) int32, padded with 0; labels are (B, …), or (B, T) int32, padded with -1.
        """
        width = int(padded_lengths(self.inputs["tokens"].lengths[rows].max()))
        inputs = {name: ids.padded(rows, width) for name, ids in self.inputs.items()}
        labels = {
            name: label.padded(rows, width, fill=IGNORED) if isinstance(label, Ids) else label[rows]
            for name, label in self.labels.items()
        }
        return inputs, labels
