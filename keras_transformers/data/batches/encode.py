"""Tokenizes examples once and reports what was dropped for its length."""

from typing import Any

import numpy as np
import tensorflow as tf

from ...errors import DataError
from ...text.packing import cut_notes, pack
from ...text.special import BOS
from ..examples import Pairs
from .batching import EncodedPairs, Ids
from .drawn import Drawn

CHUNK = 8192  # sentences tokenized at a time


def encode_pairs(
    pairs: Pairs,
    tokenizer: Any,
    batch_tokens: int,
    max_length: int,
    seed: int = 0,
    name: str = "data",
    start: int = BOS,
) -> tuple[EncodedPairs, list[str]]:
    """Return `pairs` as `EncodedPairs`, and a sentence for the user on each loss.

    Args:
        pairs: `Pairs` of text.
        tokenizer: A `Tokenizer`; each side is encoded by its own.
        batch_tokens: Most tokens in a batch.
        max_length: Pairs with a side of more tokens, its end token included, are dropped.
        seed: Seed of the order of batches.
        name: What the pairs are, for messages.
        start: The id that each target begins with.

    Raises:
        DataError: No pair is left.
    """
    sides = (pairs.sources, tokenizer.source), (pairs.targets, tokenizer.target)
    sources, targets = (tokenize(texts, side) for texts, side in sides)
    longest = np.maximum(sources.row_lengths(), targets.row_lengths()) + 1
    kept = longest <= max_length
    notes = list(pairs.notes)
    dropped = int(len(kept) - kept.sum())
    if dropped:
        notes.append(
            f"{name}: {dropped} of {len(kept)} pairs are longer than `data.max_length` "
            f"({max_length} tokens) and were dropped; the longest has {int(longest.max())}."
        )
    if dropped == len(kept):
        raise DataError(
            f"{name}: all {len(kept)} pairs are longer than `data.max_length` ({max_length} "
            f"tokens); the longest has {int(longest.max())}: raise it with --set data.max_length=N."
        )
    rows = np.flatnonzero(kept)
    sources, targets = (Ids.of(tf.gather(side, rows)) for side in (sources, targets))
    drawn = [
        Drawn.of([texts[row] for row in rows], side, ids, max_length - 1, seed)
        for (texts, side), ids in zip(sides, (sources, targets))
    ]
    return EncodedPairs(sources, targets, batch_tokens, seed, start, *drawn), notes


def encode_texts(
    columns: list[list[str]], tokenizer: Any, max_length: int, name: str, length: int | None = None
) -> tuple[dict[str, Ids], list[str]]:
    """Return texts, or pairs of them, as BERT reads them, and a sentence on what was cut.

    Args:
        columns: One list of str, or two of the same length.
        tokenizer: A `WordPiece`.
        max_length: Most tokens of a text or pair, special ids included.
        name: What the texts are, for the message.
        length: The same by `task.length`, or None; the lesser holds.

    Returns:
        `{"tokens": Ids, "segments": Ids}`, and a list of sentences for the user.
    """
    limit, max_length = _lesser(max_length, length)
    sides = [tokenize(texts, tokenizer) for texts in columns]
    tokens, segments = pack(tokenizer, sides[0], sides[1] if len(sides) > 1 else None, max_length=max_length)
    whole = sum(side.row_lengths().numpy() for side in sides) + len(sides) + 1
    return {"tokens": Ids.of(tokens), "segments": Ids.of(segments)}, cut_notes(name, whole, max_length, limit)


def _lesser(max_length: int, length: int | None) -> tuple[str, int]:
    """Return the key of the recipe that limits texts, and its value."""
    if length is not None and length < max_length:
        return "task.length", length
    return "data.max_length", max_length


def tokenize(texts: list[str], tokenizer: Any) -> tf.RaggedTensor:
    """Return the ids of a list of str, ragged (N, None), a bounded number at a time."""
    encode = getattr(tokenizer, "encode", None) or tokenizer.tokenize
    chunks = [encode(texts[i : i + CHUNK]) for i in range(0, len(texts), CHUNK)]
    return tf.concat(chunks, axis=0)
