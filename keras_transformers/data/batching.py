"""Batches of a bounded number of tokens, cut from pairs sorted by length.

B batch, S source length, T target length. A batch of one fixed number of sentences is mostly
padding; one cut to a number of tokens from sentences of nearly equal length has almost none.
"""

from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from ..text.special import BOS, EOS, PAD

STEP = 4
"""Lengths are padded to multiples of this, which bounds the number of different batch shapes.

Each shape costs oneDNN (and XLA) a plan of its own; with a hundred of them its cache overflows.
"""


@dataclass(frozen=True)
class Ids:
    """Sentences as ids, end to end: sentence i is `flat[starts[i]:starts[i + 1]]`."""

    flat: np.ndarray
    starts: np.ndarray

    @classmethod
    def of(cls, ragged):
        """Return the ids of a `tf.RaggedTensor` (N, None)."""
        return cls(ragged.flat_values.numpy().astype(np.int32), ragged.row_splits.numpy())

    @property
    def lengths(self):
        """Length of each sentence, shape (N,)."""
        return np.diff(self.starts)

    def padded(self, rows, width, before=(), after=()):
        """Return sentences `rows` as (B, width) int32, between ids `before` and `after`."""
        table = np.full((len(rows), width), PAD, np.int32)
        for line, row in zip(table, rows):
            ids = self.flat[self.starts[row] : self.starts[row + 1]]
            whole = np.concatenate([before, ids, after])
            line[: len(whole)] = whole
        return table


@dataclass(frozen=True)
class EncodedPairs:
    """Pairs of sentences as ids, ready to be batched.

    Args:
        sources: Source ids, without special ids.
        targets: Target ids, without special ids.
        batch_tokens: Most tokens in a batch, padding included, source and target together.
        seed: Seed of the order of batches.
    """

    sources: Ids
    targets: Ids
    batch_tokens: int
    seed: int = 0

    @property
    def tokens(self):
        """Number of real tokens that an epoch trains on, end tokens included."""
        return len(self.sources.flat) + len(self.targets.flat) + 2 * len(self.sources.lengths)

    def batch(self, rows):
        """Return `({"source", "target"}, labels)` for sentences `rows`, each (B, S) or (B, T).

        `target` begins with the start token; `labels` are the same ids one step later.
        """
        width = _width(self.targets.lengths[rows])
        inputs = {
            "source": self.sources.padded(rows, _width(self.sources.lengths[rows]), after=[EOS]),
            "target": self.targets.padded(rows, width, before=[BOS]),
        }
        return inputs, self.targets.padded(rows, width, after=[EOS])

    def plan(self, epoch=None):
        """Return the batches of an epoch: arrays of sentence numbers.

        The same seed and epoch give the same plan. Without an epoch, nothing is shuffled.
        """
        rng = None if epoch is None else np.random.default_rng((self.seed, epoch))
        batches = cut_batches(self.sources.lengths + 1, self.targets.lengths + 1, self.batch_tokens, rng)
        if rng is not None:
            rng.shuffle(batches)
        return batches

    @property
    def batches(self):
        """Number of batches in an epoch: the same in each, since lengths alone decide it."""
        return len(self.plan())

    def dataset(self, epoch=None, skip=0):
        """Return a `tf.data.Dataset` of batches.

        Args:
            epoch: Called at the start of each pass for the number of the epoch; None: no shuffle.
            skip: Batches to leave out at the start (resuming in the middle of an epoch).
        """

        def batches():
            for rows in self.plan(epoch() if epoch else None)[skip:]:
                yield self.batch(rows)

        ids = tf.TensorSpec((None, None), tf.int32)
        signature = ({"source": ids, "target": ids}, ids)
        dataset = tf.data.Dataset.from_generator(batches, output_signature=signature)
        # Keras takes the first pass's length for that of all, and warns, unless it is told.
        return dataset.apply(tf.data.experimental.assert_cardinality(self.batches - skip)).prefetch(8)


def padded_lengths(lengths):
    """Return `lengths` rounded up to multiples of `STEP`."""
    return -(-lengths // STEP) * STEP


def _width(lengths):
    """Return the width of a table of sentences of these lengths, each with one special id."""
    return int(padded_lengths(lengths.max() + 1))


def cut_batches(source_lengths, target_lengths, batch_tokens, rng=None):
    """Cut sentences, sorted by target and then source length, into batches.

    A batch of B sentences takes B·(S + T) tokens, S and T being its longest, padded to a multiple
    of `STEP`; that is at most `batch_tokens`, unless one pair alone is longer.

    Args:
        source_lengths: Shape (N,).
        target_lengths: Shape (N,).
        batch_tokens: Most tokens in a batch.
        rng: Shuffles sentences of the same lengths among themselves.

    Returns:
        A list of arrays of sentence numbers.
    """
    source_lengths, target_lengths = padded_lengths(source_lengths), padded_lengths(target_lengths)
    order = np.arange(len(source_lengths)) if rng is None else rng.permutation(len(source_lengths))
    order = order[np.lexsort((source_lengths[order], target_lengths[order]))]
    batches, start, longest = [], 0, 0
    for end, row in enumerate(order):
        source, target = int(source_lengths[row]), int(target_lengths[row])
        wider = max(longest, source)
        if end > start and (end - start + 1) * (wider + target) > batch_tokens:
            batches.append(order[start:end])
            start, wider = end, source
        longest = wider
    if start < len(order):
        batches.append(order[start:])
    return batches
