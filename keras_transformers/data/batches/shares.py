"""Batches whose size is a multiple of the replicas, as plain Keras needs under a strategy.

N examples, R replicas.
"""

from typing import Any

import numpy as np

from ...errors import DataError
from .batching import Batches, Rows, cut_batches, padded_lengths


class Shares(Batches):
    """The same examples in batches of a multiple of R examples, but for the last.

    Keras averages the first batch over the replicas before it trains, which fails where their shares differ; and the
    mean over a share that is empty is no number.

    Args:
        whole: The `Batches` of one device.
        replicas: R.

    Raises:
        DataError: There are too few examples.
    """

    def __init__(self, whole: Batches, replicas: int) -> None:
        self.whole, self.replicas = whole, replicas
        self.batch_tokens, self.seed = whole.batch_tokens, whole.seed
        count = len(whole.lengths[0])
        if count < 2 * replicas and count % replicas:
            raise DataError(f"{replicas} replicas cannot share {count} examples: there must be {2 * replicas}.")

    @property
    def lengths(self) -> list[np.ndarray]:
        return list(self.whole.lengths)

    @property
    def tokens(self) -> int:
        return int(self.whole.tokens)

    def batch(self, rows: Rows, rng: np.random.Generator | None = None) -> tuple[Any, Any]:
        return self.whole.batch(rows, rng)

    def _draws(self, epoch: int | None, number: int) -> np.random.Generator | None:
        return self.whole._draws(epoch, number)

    def plan(self, epoch: int | None = None) -> list[np.ndarray]:
        """Return the batches of an epoch: examples of like lengths are put together by R, and these are batched."""
        rng = None if epoch is None else np.random.default_rng((self.seed, epoch))
        lengths = [padded_lengths(side) for side in self.lengths]
        count = len(lengths[0])
        order = np.arange(count) if rng is None else rng.permutation(count)
        order = order[np.lexsort([side[order] for side in lengths])]
        groups, rest = np.split(order, [count - count % self.replicas])
        groups = groups.reshape(-1, self.replicas)
        widest = [side[groups].max(axis=1) for side in lengths]
        batches = [groups[rows].reshape(-1) for rows in cut_batches(widest, self.batch_tokens // self.replicas, rng)]
        if rng is not None:
            rng.shuffle(batches)
        if len(rest):
            if len(batches) == 1:
                batches = np.split(batches[0], [self.replicas])
            batches[-1] = np.concatenate([batches[-1], rest])
        return batches
