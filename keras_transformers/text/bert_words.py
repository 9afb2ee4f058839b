"""BERT's basic tokenizer: splits text into words before WordPiece.

N texts, for whose characters L letters are written; W words.
"""

import dataclasses

import numpy as np
import tensorflow as tf

from ..annotations import Tensor
from . import bert_characters
from .bert_characters import ALONE, CODES, LETTER, SPACE

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
"""The pieces that a text may name: each is a word, if written exactly so."""

LONGEST = 100  # letters; BERT takes a longer word as unknown
_NAMED = 0xF0000  # private use, so no letter of a text: what is written for the special pieces
_PAGE = 128  # code points to a page of the table


def stand_in(special: str) -> str:
    """Return the word that `BertWords` gives where the text names the special piece."""
    return chr(_NAMED + SPECIAL.index(special))


@dataclasses.dataclass(frozen=True)
class Words:
    """The words of N texts, and where their letters come from.

    Args:
        letters: RaggedTensor int32 (W, None), code points.
        rows: int64 (W,), the text of each word.
        starts: int64 (L,), the first byte in its text of the character that each letter is written for.
        ends: int64 (L,), the byte after that character.
    """

    letters: tf.RaggedTensor
    rows: tf.Tensor
    starts: tf.Tensor
    ends: tf.Tensor


class BertWords(tf.Module):
    """Cleans text and cuts it at spaces, punctuation and Chinese characters.

    Args:
        lowercase: Write lower case.
        strip_accents: Leave accents out.
    """

    def __init__(self, lowercase: bool, strip_accents: bool) -> None:
        super().__init__(name="bert_words")
        # Two steps, because most of Unicode's pages are alike: code → page of the table → row in it.
        pages = _table(bert_characters.rules(lowercase, strip_accents))
        different = {page.tobytes(): page for page in pages}
        numbers = {content: number for number, content in enumerate(different)}
        self._rows = tf.constant(np.concatenate(list(different.values())))
        self._pages = tf.constant([numbers[page.tobytes()] for page in pages])
        self._names = tf.constant(_names())

    def __call__(self, texts: Tensor) -> Words:
        """Return the `Words` of texts, string (N,)."""
        codes, starts = tf.strings.unicode_decode_with_offsets(texts, "UTF-8", errors="replace")
        rows, starts = codes.value_rowids(), starts.flat_values
        codes = self._with_names(codes.flat_values, rows)
        found = tf.gather(self._rows, tf.gather(self._pages, codes // _PAGE) * _PAGE + codes % _PAGE)
        kind, length = found[:, 0], tf.cast(found[:, 1], starts.dtype)
        written = tf.concat([(codes + found[:, 2])[:, None], found[:, 3:]], axis=1)

        # Letters with the same number, which only grows, are of one word.
        alone = tf.cast(kind == ALONE, tf.int64)
        number = rows + tf.cumsum(tf.cast(kind == SPACE, tf.int64) + alone) + tf.cumsum(alone, exclusive=True)
        there = tf.concat([(kind >= LETTER)[:, None], found[:, 3:] != 0], axis=1)
        origin = tf.where(there)[:, 0]
        number = tf.gather(number, origin)
        first = tf.concat([tf.ones_like(number[:1], tf.bool), number[1:] != number[:-1]], axis=0)
        return Words(
            letters=tf.RaggedTensor.from_row_starts(
                tf.boolean_mask(written, there), tf.where(first)[:, 0], validate=False
            ),
            rows=tf.gather(rows, tf.boolean_mask(origin, first)),
            starts=tf.gather(starts, origin),
            ends=tf.gather(starts + length, origin),
        )

    def _with_names(self, codes: Tensor, rows: Tensor) -> Tensor:
        """Return the codes with each name of a special piece as one code, and then zeros."""
        opening = tf.where(codes == ord("["))[:, 0]
        width = self._names.shape[1]
        place = opening[:, None] + tf.range(width, dtype=tf.int64)
        ahead = tf.gather(tf.pad(codes, [(0, width)]), place)
        same_text = (
            tf.gather(tf.pad(rows, [(0, width)], constant_values=-1), place) == tf.gather(rows, opening)[:, None]
        )
        ahead = tf.where(same_text, ahead, 0)
        equal = tf.logical_or(ahead[:, None, :] == self._names, self._names == 0)  # (openings, names, width)
        which = tf.where(tf.reduce_all(equal, axis=2))
        name = tf.gather(self._names, which[:, 1])
        new = tf.concat([tf.cast(which[:, 1:] + CODES, tf.int32), tf.zeros_like(name[:, 1:])], axis=1)
        place = tf.gather(place, which[:, 0])
        return tf.tensor_scatter_nd_update(codes, place[name != 0][:, None], new[name != 0])


def bytes_of(codes: Tensor) -> Tensor:
    """Return the number of bytes of each code point in UTF-8, as int64."""
    return 1 + sum(tf.cast(codes >= first, tf.int64) for first in (0x80, 0x800, 0x10000))


def _table(rules: np.ndarray) -> np.ndarray:
    """Return a row for every code point, and then for the names, in pages of 128.

    A row is kind, bytes of the character, first letter less the character, further letters. By that
    difference most pages are alike.
    """
    kind, first, further = np.split(rules, [1, 2], axis=1)
    codes = np.arange(CODES)[:, None]
    shift = np.where(kind >= LETTER, first - codes, 0)
    table = np.concatenate([kind, bytes_of(codes), shift, further], axis=1, dtype=np.int32)
    names = np.zeros((_PAGE, table.shape[1]), dtype=np.int32)
    for index, name in enumerate(SPECIAL):
        names[index, :3] = ALONE, len(name), _NAMED - CODES
    return np.concatenate([table, names]).reshape(-1, _PAGE, table.shape[1])


def _names() -> np.ndarray:
    """Return the code points of the special pieces, int32 (names, longest), 0 after the shorter."""
    width = max(len(name) for name in SPECIAL)
    return np.array([[ord(letter) for letter in name] + [0] * (width - len(name)) for name in SPECIAL], dtype=np.int32)
