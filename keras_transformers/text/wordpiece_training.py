"""Trains a WordPiece vocabulary by merging the most frequent pairs of pieces.

The pairs are those of byte-pair encoding, found by SentencePiece over the counts of words. Google
never published how BERT's own were found; Hugging Face's WordPieceTrainer takes pairs too.
"""

import io
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import sentencepiece
import tensorflow as tf

from ..errors import DataError
from .bert_characters import ALONE, rules
from .bert_words import LONGEST, SPECIAL, stand_in

_BATCH = 1024  # texts at a time
_COVERED = 0.9995  # share of the text's letters that have a piece, even if there is hardly room
_LONGEST_PIECE = 32
_BEGIN = "▁"  # what SentencePiece writes where a word begins
_OWN = "▁▅"  # characters that SentencePiece keeps for itself
_RESERVED = 3  # SentencePiece's own pieces: unknown, beginning and end


def learn(texts: Iterable[str], words: Any, size: int) -> list[str]:
    """Return at most `size` pieces: letters, the most frequent first, then what they are joined to.

    Args:
        texts: Iterable of str, read once.
        words: The `BertWords` that cuts them.
        size: Number of pieces.

    Raises:
        DataError: The text is empty.
    """
    counts = _count(texts, words)
    pieces = _letters(counts, size)
    if len(pieces) < size:
        known = set(pieces)
        counts = {word: count for word, count in counts.items() if known.issuperset(word)}
        pieces = list(dict.fromkeys([*pieces, *_pairs(counts, size)]))
    return pieces[:size]


def _count(texts: Iterable[str], words: Any) -> dict[str, int]:
    """Return how often each word occurs."""
    written = Counter[bytes]()
    texts = iter(texts)
    while batch := list(islice(texts, _BATCH)):
        letters = words(tf.constant(batch)).letters
        written.update(tf.strings.unicode_encode(letters, "UTF-8").numpy().tolist())
    named = {stand_in(special) for special in SPECIAL}
    counts = {word.decode("utf-8"): count for word, count in written.items()}
    counts = {word: count for word, count in counts.items() if word not in named and len(word) <= LONGEST}
    if not counts:
        raise DataError("WordPiece cannot be trained: the training text is empty.")
    return counts


def _letters(counts: dict[str, int], size: int) -> list[str]:
    """Return each letter that has a piece, and the same within a word; all if they take less than half the room."""
    letters = Counter[str]()
    for word, count in counts.items():
        for letter in word:
            letters[letter] += count
    kind = rules(lowercase=False, strip_accents=False)[:, 0]
    pieces: list[str] = []
    covered = 0
    for letter, count in sorted(letters.items(), key=lambda item: (-item[1], item[0])):
        if len(pieces) >= size // 2 and covered >= _COVERED * letters.total():
            break
        pieces += [letter] if kind[ord(letter)] == ALONE else [letter, f"##{letter}"]
        covered += count
    return pieces


def _pairs(counts: dict[str, int], size: int) -> Iterator[str]:
    """Return pieces of two letters and more, in the order in which byte-pair encoding joins them."""
    ranked = sorted((-count, word) for word, count in counts.items() if set(_OWN).isdisjoint(word))
    if not ranked:
        return
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=(f"{word}\t{-count}" for count, word in ranked),
        input_format="tsv",
        model_writer=model,
        model_type="bpe",
        # Each letter may come twice, with and without the beginning of a word.
        vocab_size=size + 2 * len(set().union(*counts)) + _RESERVED,
        hard_vocab_limit=False,
        normalization_rule_name="identity",
        split_by_unicode_script=False,
        split_by_number=False,
        max_sentencepiece_length=_LONGEST_PIECE,
        character_coverage=1.0,
        num_threads=1,
        minloglevel=2,
    )
    found = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    for index in range(_RESERVED, found.get_piece_size()):
        piece = found.id_to_piece(index)
        if len(piece.removeprefix(_BEGIN)) > 1:
            yield piece.removeprefix(_BEGIN) if piece.startswith(_BEGIN) else f"##{piece}"
