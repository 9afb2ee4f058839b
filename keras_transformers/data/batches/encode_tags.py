"""Encodes tagged words as word pieces with labels.

N sentences, W windows over them, T length of a window in tokens.
"""

from typing import Any

import numpy as np
import tensorflow as tf

from ...text.packing import pack
from ...text.windows import Windows, windows
from ..examples import Tagged
from ..labels import label_numbers
from .batching import Ids
from .sequences import IGNORED, Sequences

SPECIAL = 2  # [CLS] and [SEP]


def tag_windows(
    tokenizer: Any, words: tf.RaggedTensor, length: int
) -> tuple[tf.RaggedTensor, tf.RaggedTensor, Windows]:
    """Cut sentences into pieces and, where they are longer than a model can read, into windows; in the graph.

    Args:
        tokenizer: `WordPiece`.
        words: tf.RaggedTensor string (N, None).
        length: Most tokens in a window, `[CLS]` and `[SEP]` included.

    Returns:
        The pieces, ragged int32 (N, None); the places among all of them of each word's first,
        ragged int64 (N, None); and the `Windows` over them.
    """
    pieces = tokenizer.tokenize_words(words)
    first = words.with_values(pieces.values.row_starts())
    pieces = pieces.merge_dims(1, 2)
    return pieces, first, windows(pieces.row_lengths(), tf.fill([pieces.nrows()], length - SPECIAL), length // 2)


def encode_tags(
    tagged: Tagged, tokenizer: Any, labels: list[str], length: int, batch_tokens: int, seed: int, name: str
) -> tuple[Sequences, list[str]]:
    """Return tagged sentences as `Sequences`, whose label `tags` is on each word's first piece.

    Args:
        tagged: `Tagged`.
        tokenizer: `WordPiece`.
        labels: The tags that the model knows.
        length: Most tokens in a window; longer sentences are read in several.
        batch_tokens: Most tokens in a batch.
        seed: Seed of the order of batches.
        name: What the sentences are, for messages.

    Returns:
        The `Sequences`, and sentences for the user.

    Raises:
        DataError: There is a tag that the model does not know.
    """
    places = [f"The sentence at {place}" for place, tags in zip(tagged.places, tagged.tags) for _ in tags]
    numbers = label_numbers([tag for tags in tagged.tags for tag in tags], labels, places)
    words = tf.RaggedTensor.from_row_lengths(
        tf.constant([word for sentence in tagged.words for word in sentence], tf.string),
        [len(sentence) for sentence in tagged.words],
    )
    pieces, first, cut = tag_windows(tokenizer, words, length)
    label = np.full(len(pieces.values), IGNORED, np.int32)
    label[first.values.numpy()] = numbers
    tokens, segments = pack(tokenizer, cut.of(pieces), max_length=length)
    shown = _packed(cut.of(pieces.with_values(tf.constant(label))), cut)
    inputs = {"tokens": Ids.of(tokens), "segments": Ids.of(segments)}
    encoded = Sequences(inputs, {"tags": Ids.of(shown)}, batch_tokens, seed)
    return encoded, [*tagged.notes, *_long_notes(pieces, length, name)]


def _packed(labels: tf.RaggedTensor, cut: Windows) -> tf.RaggedTensor:
    """Return labels of windows with places for [CLS] and [SEP]; a word that two windows show counts in one."""
    labels = labels.with_values(tf.where(cut.own().values == 1, labels.values, IGNORED))
    edge = tf.RaggedTensor.from_uniform_row_length(tf.fill([labels.nrows()], IGNORED), 1)
    return tf.concat([edge, labels, edge], axis=1)


def _long_notes(pieces: tf.RaggedTensor, length: int, name: str) -> list[str]:
    lengths = pieces.row_lengths().numpy() + SPECIAL
    count = int((lengths > length).sum())
    if not count:
        return []
    return [
        f"{name}: {count} of {len(lengths)} sentences are longer than {length} tokens and are read in windows that "
        f"overlap; the longest has {lengths.max()}."
    ]
