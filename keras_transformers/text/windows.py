"""Overlapping windows over texts longer than the model reads, in the graph.

N texts, L their lengths in pieces, W windows.
"""

from typing import NamedTuple

import tensorflow as tf

from ..annotations import Tensor


class Windows(NamedTuple):
    """Windows over texts, all int32 (W,); those of a text stand one after another.

    Args:
        rows: The text that each window is over.
        starts: The first piece in the window, counted from the start of the text.
        sizes: The number of pieces in the window.
        firsts: The first piece that is better seen in this window than in another …
        ends: … and the one after the last.
    """

    rows: tf.Tensor
    starts: tf.Tensor
    sizes: tf.Tensor
    firsts: tf.Tensor
    ends: tf.Tensor

    def of(self, pieces: tf.RaggedTensor) -> tf.RaggedTensor:
        """Return what the windows show of `pieces`, ragged (N, None), as ragged (W, None)."""
        starts = tf.gather(tf.cast(pieces.row_starts(), tf.int32), self.rows) + self.starts
        return tf.gather(pieces.values, tf.ragged.range(starts, starts + self.sizes))

    def own(self) -> tf.RaggedTensor:
        """Return 1 for each piece that a window shows and owns, 0 for the others, ragged int32 (W, None)."""
        place = tf.ragged.range(self.starts, self.starts + self.sizes)
        own = (place >= self.firsts[:, None]) & (place < self.ends[:, None])
        return tf.cast(own, tf.int32)


def windows(lengths: Tensor, capacity: Tensor, stride: int | Tensor) -> Windows:
    """Return the `Windows` over texts, as few as reach their ends.

    A piece that is in several windows belongs to that in which it has the most context on its
    poorer side, as in BERT's question answering; each piece belongs to one window.

    Source: https://github.com/google-research/bert, run_squad.py (`doc_stride`, `max_context`)

    Args:
        lengths: L, int (N,).
        capacity: The most pieces that a window over each text may hold, int (N,).
        stride: By how many pieces a window lies behind the one before, int; no more than `capacity`.
    """
    lengths, capacity = tf.cast(lengths, tf.int32), tf.maximum(tf.cast(capacity, tf.int32), 1)
    steps = tf.minimum(capacity, stride)
    counts = 1 + -(-tf.maximum(lengths - capacity, 0) // steps)
    number = tf.ragged.range(counts)
    rows, number = tf.cast(number.value_rowids(), tf.int32), number.values
    starts = number * tf.gather(steps, rows)
    stops = tf.minimum(starts + tf.gather(capacity, rows), tf.gather(lengths, rows))
    # The overlap with the next window is shared at its middle.
    cuts = (stops + starts + tf.gather(steps, rows) + 1) // 2
    firsts = tf.where(number == 0, 0, tf.roll(cuts, 1, axis=0))
    ends = tf.where(number == tf.gather(counts, rows) - 1, stops, cuts)
    return Windows(rows, starts, stops - starts, firsts, ends)
