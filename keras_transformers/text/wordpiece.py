"""BERT's WordPiece tokenizer."""

import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import tensorflow as tf
import tensorflow_text

from ..annotations import Tensor
from ..errors import DataError, RecipeError
from ..signature import Bounds, register
from . import wordpiece_training
from .bert_words import LONGEST, SPECIAL, BertWords, Words, bytes_of, stand_in
from .tokenizer import Tokenizer, read_vocabulary, write_vocabulary

FILE = "vocab.txt"
_CONTINUED = "##"
_UNKNOWN = "⁇"


def require_wordpiece(tokenizer: Any, who: object, error: type[Exception] = RecipeError) -> None:
    """Raise `error` unless the tokenizer has BERT's special pieces and cuts words into pieces, as `WordPiece` does.

    Args:
        tokenizer: A `Tokenizer`.
        who: What needs it, to begin the message with, such as `task/tagging` in backquotes.
        error: The class of the error raised.
    """
    if not hasattr(tokenizer, "cls"):
        raise error(f"{who} needs a tokenizer with BERT's [CLS], such as `wordpiece`, not `{tokenizer.name}`.")


@register("tokenizer", "wordpiece")
class WordPiece(Tokenizer):
    """Pieces of words, as BERT cuts them; reads the `vocab.txt` of any BERT.

    Gives the ids of the reference tokenizer (PyPI `tokenizers`, BertWordPieceTokenizer), without
    [CLS] and [SEP], which `packing.pack` adds. Control characters are left out, and so are bytes that
    are not UTF-8. A special piece that a text names exactly, such as "[MASK]", is that piece.

    After `train` or `load`, `unknown`, `cls`, `sep` and `mask` are the ids of special pieces; [PAD] is 0.

    Args:
        vocab_size: The vocabulary learnt holds at most this many pieces, the five special ones included.
        lowercase: Whether text becomes lower case; none: as the checkpoint says or shows with whose `weights` a
            recipe begins, else it does.
        strip_accents: Leave accents out; none: as that checkpoint says, else if `lowercase`.

    Reference:
        Devlin et al. 2019, section 3, https://arxiv.org/abs/1810.04805
    """

    gives = ("cls", "mask", "offsets", "words")

    def __init__(
        self,
        vocab_size: Annotated[int, Bounds(minimum=len(SPECIAL) + 1)],
        lowercase: bool | None = None,
        strip_accents: bool | None = None,
    ) -> None:
        super().__init__(name="wordpiece")
        self.vocab_size = vocab_size
        self.lowercase = lowercase is not False
        self.strip_accents = strip_accents
        self.words = BertWords(self.lowercase, self.lowercase if strip_accents is None else strip_accents)
        self._operation: Any = None
        self._pieces: _Pieces | None = None

    def train(self, texts: Iterable[str], folder: Path) -> None:
        pieces = wordpiece_training.learn(texts, self.words, self.vocab_size - len(SPECIAL))
        write_vocabulary(Path(folder) / FILE, "".join(f"{piece}\n" for piece in [*SPECIAL, *pieces]).encode("utf-8"))
        self.load(folder)

    def load(self, folder: Path) -> None:
        path = Path(folder) / FILE
        vocabulary = _read(path)
        ids = {piece: index for index, piece in enumerate(vocabulary)}
        missing = [special for special in SPECIAL if special not in ids]
        if missing:
            raise DataError(f"{path} is not a BERT vocabulary: it has no line {' and no line '.join(missing)}.")
        if ids["[PAD]"] != 0:
            raise DataError(f"{path}: [PAD] must be the first line, id 0, but is id {ids['[PAD]']}.")
        self.unknown, self.cls, self.sep, self.mask = (ids[special] for special in SPECIAL[1:])
        self._operation = _operation(vocabulary)
        self._shown = tf.constant([_shown(piece) for piece in vocabulary])
        self._pieces = _Pieces(vocabulary)

    @property
    def vocabulary(self) -> list[str]:
        """All pieces, a list of str, by id."""
        return self._loaded().pieces

    @property
    def continues(self) -> np.ndarray:
        """Whether each piece goes on with a word, a bool array (size,)."""
        return np.array([piece.startswith(_CONTINUED) for piece in self.vocabulary])

    @property
    def size(self) -> int:
        return len(self.vocabulary)

    def tokenize(self, texts: Tensor) -> tf.RaggedTensor:
        ids, _, _, rows = self._cut(self.words(texts))
        return _ragged(ids.values, tf.gather(rows, ids.value_rowids()), texts)

    def tokenize_with_offsets(self, texts: Tensor) -> tuple[tf.RaggedTensor, tf.RaggedTensor, tf.RaggedTensor]:
        """Return the ids of each text, and the bytes of it that each is written for.

        Args:
            texts: tf.string (N,), UTF-8.

        Returns:
            tf.RaggedTensor int32 (N, None), the ids; then int64, of the same shape, the first byte and the byte
            after the last. An accent in a code point of its own, or a control character, belongs to
            the piece only between its letters.
        """
        words = self.words(texts)
        ids, starts, ends, rows = self._cut(words)
        word = ids.value_rowids()
        # From bytes of the word to bytes of the text, by way of letters.
        length = bytes_of(words.letters.values)
        letter = tf.repeat(tf.range(tf.size(length)), length)
        shift = tf.gather(tf.cumsum(length, exclusive=True), tf.gather(words.letters.row_starts(), word))
        starts = tf.gather(words.starts, tf.gather(letter, starts.values + shift))
        ends = tf.gather(words.ends, tf.gather(letter, ends.values + shift - 1))
        row = tf.gather(rows, word)
        return tuple(_ragged(flat, row, texts) for flat in (ids.values, starts, ends))

    def tokenize_words(self, words: tf.RaggedTensor) -> tf.RaggedTensor:
        """Return the ids of words that are given apart, such as those of tagged text.

        Args:
            words: tf.RaggedTensor string (N, None), UTF-8.

        Returns:
            tf.RaggedTensor int32 (N, None, None): text, word, piece. A word without any piece, such as a control
            character, is one unknown.
        """
        ids = self.tokenize(words.values)
        empty = tf.cast(ids.row_lengths() == 0, tf.int64)
        unknown = tf.RaggedTensor.from_row_lengths(tf.fill([tf.reduce_sum(empty)], self.unknown), empty)
        return words.with_values(tf.concat([ids, unknown], axis=1))

    def detokenize(self, ids: tf.RaggedTensor) -> Tensor:
        self._loaded()
        pieces = ids.with_values(tf.gather(self._shown, ids.values))
        return tf.strings.strip(tf.strings.reduce_join(pieces, axis=1))

    def pieces(self, ids: Iterable[int]) -> list[str]:
        return [self.vocabulary[index] for index in ids]

    def _cut(self, words: Words) -> tuple[tf.RaggedTensor, tf.RaggedTensor, tf.RaggedTensor, Tensor]:
        """Return ids, first and last byte, each ragged (W, None), of words; and the row of each word."""
        letters = words.letters
        written = tf.strings.unicode_encode(letters, "UTF-8")
        too_long = letters.row_lengths() > LONGEST
        cut = tf.where(too_long, stand_in("[UNK]"), written)
        self._loaded()
        ids, starts, ends = self._operation.tokenize_with_offsets(cut)
        # The unknown piece stands for a whole word, the longer ones too, which the operation has not seen.
        length = tf.gather(tf.strings.length(written), ids.value_rowids())
        ends = ends.with_values(
            tf.where(ids.values == self.unknown, tf.cast(length, tf.int64), tf.cast(ends.values, tf.int64))
        )
        return ids, starts.with_values(tf.cast(starts.values, tf.int64)), ends, words.rows

    def _loaded(self) -> "_Pieces":
        if self._pieces is None:
            raise DataError("The tokenizer has no vocabulary yet: call `train` or `load` first.")
        return self._pieces


@dataclasses.dataclass(frozen=True)
class _Pieces:
    """Keeps a list from `tf.Module`, which would wrap it and save it along."""

    pieces: list[str]


def _read(path: Path) -> list[str]:
    """Return the lines of a vocabulary file; only \\n ends a line, because other line ends may be pieces."""
    try:
        lines = read_vocabulary(path).decode("utf-8").split("\n")
    except UnicodeDecodeError:
        raise DataError(f"{path} is damaged: it is not UTF-8 text.") from None
    if lines[-1] == "":
        lines.pop()
    return [line.rstrip("\r") for line in lines]


def _operation(vocabulary: list[str]) -> Any:
    """Return TF Text's operation over single words."""
    last = {piece: index for index, piece in enumerate(vocabulary)}
    pieces = []
    for index, piece in enumerate(vocabulary):
        if piece in ("", _CONTINUED) or last[piece] != index:
            piece = f"[unused line {index}]"  # no word has spaces: keeps the ids of the other lines
        pieces.append(stand_in(piece) if piece in SPECIAL else piece)
    return tensorflow_text.FastWordpieceTokenizer(
        pieces,
        suffix_indicator=_CONTINUED,
        max_bytes_per_word=4 * LONGEST,
        unknown_token=stand_in("[UNK]"),
        token_out_type=tf.int32,
        no_pretokenization=True,
    )


def _shown(piece: str) -> str:
    """Return what a piece adds to a text."""
    if piece == "[UNK]":
        return f" {_UNKNOWN}"
    if piece in SPECIAL:
        return ""
    return piece.removeprefix(_CONTINUED) if piece.startswith(_CONTINUED) else f" {piece}"


def _ragged(values: Tensor, rows: Tensor, texts: Tensor) -> tf.RaggedTensor:
    return tf.RaggedTensor.from_value_rowids(values, rows, nrows=tf.size(texts, tf.int64), validate=False)
