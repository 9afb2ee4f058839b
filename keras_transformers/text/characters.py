"""A vocabulary of single characters (Unicode code points)."""

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import tensorflow as tf

from ..annotations import Tensor
from ..errors import DataError
from ..files import to_json
from ..signature import register
from .special import BOS, EOS, PAD, SPECIAL, UNK, VocabularySize
from .tokenizer import Tokenizer, read_vocabulary, write_vocabulary

_FILE = "characters.json"
_UNKNOWN = "⁇"


@register("tokenizer", "characters")
class Characters(Tokenizer):
    """One id for each of the most frequent characters of the training text.

    A character is a Unicode code point. The text is taken as it is, without normalization: "é" in
    one code point and "é" in two are not the same.

    Args:
        vocab_size: The vocabulary holds at most this many ids, the four special ones included;
            rarer characters are unknown.
    """

    gives = ()

    def __init__(self, vocab_size: VocabularySize = 1024) -> None:
        super().__init__(name="characters")
        self.vocab_size = vocab_size
        self._characters = None
        self._table: Any = None

    def train(self, texts: Iterable[str], folder: Path) -> None:
        counts = Counter[str]()
        for text in texts:
            counts.update(text)
        if not counts:
            raise DataError("The characters cannot be counted: the training text is empty.")
        ranked = sorted(counts, key=lambda character: (-counts[character], character))
        kept = "".join(ranked[: self.vocab_size - SPECIAL])
        content = to_json({"characters": kept}).encode("utf-8")
        write_vocabulary(Path(folder) / _FILE, content)
        self.load(folder)

    def load(self, folder: Path) -> None:
        path = Path(folder) / _FILE
        content = read_vocabulary(path)
        try:
            characters = json.loads(content)["characters"]
            codes = [ord(character) for character in characters]
        except (ValueError, KeyError, TypeError):
            raise DataError(f"{path} is damaged: it holds no list of characters.") from None
        # The table's row of an id below SPECIAL is what `detokenize` shows for it; only UNK is shown.
        self._characters = tf.constant([ord(_UNKNOWN)] * SPECIAL + codes, dtype=tf.int32)
        self._table = tf.lookup.StaticHashTable(
            tf.lookup.KeyValueTensorInitializer(
                tf.constant(codes, dtype=tf.int64),
                tf.range(SPECIAL, SPECIAL + len(codes), dtype=tf.int64),
            ),
            default_value=UNK,
        )

    @property
    def size(self) -> int:
        return int(self._loaded().shape[0])

    def tokenize(self, texts: Tensor) -> tf.RaggedTensor:
        self._loaded()
        codes = tf.strings.unicode_decode(texts, "UTF-8", errors="replace")
        ids = self._table.lookup(tf.cast(codes.flat_values, tf.int64))
        return codes.with_flat_values(tf.cast(ids, tf.int32))

    def detokenize(self, ids: tf.RaggedTensor) -> Tensor:
        characters = self._loaded()
        flat = ids.flat_values
        shown = tf.reduce_all(flat[:, None] != tf.constant([PAD, BOS, EOS]), axis=1)
        codes = tf.ragged.boolean_mask(ids, ids.with_flat_values(shown))
        codes = codes.with_flat_values(tf.gather(characters, codes.flat_values))
        return tf.strings.unicode_encode(codes, "UTF-8")

    def _loaded(self) -> Tensor:
        if self._characters is None:
            raise DataError("The tokenizer has no vocabulary yet: call `train` or `load` first.")
        return self._characters
