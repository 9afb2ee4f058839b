"""Packs a text or a pair as BERT reads it: [CLS] first [SEP] second [SEP].

N rows; T ids in a row, any number.
"""

from typing import Any

import numpy as np
import tensorflow as tf

from ..annotations import Tensor


def pack(
    tokenizer: Any, first: Tensor, second: Tensor | None = None, max_length: int = 512
) -> tuple[tf.RaggedTensor, tf.RaggedTensor]:
    """Return the ids of each row with BERT's special ids, and the segment of each id.

    What is longer than `max_length` is cut at its end, the longer of two sides first.

    Args:
        tokenizer: A `WordPiece`.
        first: tf.string (N,), or its ids, tf.RaggedTensor int32 (N, None).
        second: The same of the other text, or None.
        max_length: Most ids in a row, the special ones included: at least 2, or 3 with `second`.

    Returns:
        Two tf.RaggedTensor int32 (N, T): ids; and segments, 0 up to the first [SEP] and then 1.

    Raises:
        ValueError: `max_length` leaves no room for the special ids.

    Reference:
        Devlin et al. 2019, section 3, https://arxiv.org/abs/1810.04805
    """
    sides = [_ids(tokenizer, side) for side in (first, second) if side is not None]
    special = len(sides) + 1
    if max_length < special:
        raise ValueError(f"`max_length` must be at least {special}, but is {max_length}.")
    rows = sides[0].nrows()
    ids, segments = [], []
    lengths = fit([side.row_lengths() for side in sides], max_length - special)
    for number, (side, length) in enumerate(zip(sides, lengths)):
        before = [_column(tokenizer.cls, rows)] if number == 0 else []
        part = tf.concat([*before, _cut(side, length), _column(tokenizer.sep, rows)], axis=1)
        ids.append(part)
        segments.append(part.with_values(tf.fill(tf.shape(part.values), number)))
    return tf.concat(ids, axis=1), tf.concat(segments, axis=1)


def fit(lengths: Any, room: int) -> list[Tensor]:
    """Return how much is kept of each side, so that together they take at most `room`.

    The longer side is cut down to the shorter one, then both alike. Of an odd room, the longer side
    keeps one more, or the second if they are equal: as in the reference (PyPI `tokenizers`, longest first).

    Args:
        lengths: One or two int64 (N,).
        room: int.
    """
    if len(lengths) == 1:
        return [tf.minimum(lengths[0], room)]
    first, second = lengths
    shorter = tf.minimum(tf.minimum(first, second), room // 2)
    # A side no longer than half the room stays whole; the other has the rest.
    kept = [tf.where(first > second, room - shorter, shorter), tf.where(first > second, shorter, room - shorter)]
    whole = first + second <= room
    return [tf.where(whole, length, cut) for length, cut in zip(lengths, kept)]


def cut_notes(name: str, lengths: Any, max_length: int, limit: str = "data.max_length") -> list[str]:
    """Return the sentence for the user on texts that `pack` cuts, in a list, empty if it cuts none.

    Args:
        name: What the texts are, such as `data.train`.
        lengths: int (N,), the ids in each row before it is cut, the special ones included.
        max_length: As for `pack`.
        limit: The key of the recipe that says it.
    """
    lengths = np.asarray(lengths)
    cut = int(np.count_nonzero(lengths > max_length))
    if not cut:
        return []
    longest = int(lengths.max())
    return [
        f"{name}: {cut} of {len(lengths)} texts are longer than `{limit}` ({max_length} tokens) "
        f"and were cut; the longest has {longest}."
    ]


def _ids(tokenizer: Any, side: Tensor) -> tf.RaggedTensor:
    return side if isinstance(side, tf.RaggedTensor) else tokenizer.tokenize(side)


def _column(value: int, rows: Tensor) -> tf.RaggedTensor:
    """Return the same id for each row, ragged int32 (N, 1)."""
    return tf.RaggedTensor.from_uniform_row_length(tf.fill([rows], value), 1)


def _cut(side: Tensor, length: Tensor) -> tf.RaggedTensor:
    """Return the first `length` ids, int64 (N,), of each row."""
    place = tf.ragged.range(side.row_lengths())
    return tf.ragged.boolean_mask(side, place < length[:, None])
