"""Dynamic masking for masked language models: chosen positions, replacements and labels.

B batch, T length, P most tokens chosen in one sequence of the batch.

KerasHub's `MaskedLMMaskGenerator` is not used: it knows no whole words, and draws from TensorFlow's
global generator, so that an epoch could not be resumed in its middle.
"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from .batching import padded_lengths
from .sequences import IGNORED

_MASKED, _RANDOM = 0.8, 0.1  # shares of the chosen tokens; the rest stays as it is


@dataclass(frozen=True)
class Pieces:
    """What masking and packing must know of a vocabulary of word pieces.

    Args:
        cls: Id that opens a sequence.
        sep: Id that closes a part of it.
        mask: Id that stands for a hidden token.
        ordinary: Ids that may stand for a hidden token by chance, (K,).
        continues: For each id, whether it continues a word, (V,).
    """

    cls: int
    sep: int
    mask: int
    ordinary: np.ndarray
    continues: np.ndarray

    @classmethod
    def of(cls, tokenizer: Any) -> Self:
        """Return those of a `WordPiece`."""
        special = [0, tokenizer.unknown, tokenizer.cls, tokenizer.sep, tokenizer.mask]
        ordinary = np.setdiff1d(np.arange(tokenizer.size), special).astype(np.int32)
        continues = tokenizer.continues
        return cls(tokenizer.cls, tokenizer.sep, tokenizer.mask, ordinary, continues)


def mask_tokens(
    tokens: np.ndarray, pieces: Pieces, rng: np.random.Generator, rate: float = 0.15, whole_word: bool = False
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Hide some tokens of each sequence.

    Of each sequence a share `rate` is chosen, one token at least. Of these 80% become [MASK], 10% a
    piece drawn by chance, and 10% stay.

    Reference: Devlin et al. 2018, section 3.1, https://arxiv.org/abs/1810.04805

    Args:
        tokens: Ids (B, T) int32, 0 where padded.
        pieces: The vocabulary's `Pieces`.
        rng: A `np.random.Generator`.
        rate: Share of the tokens that are not special.
        whole_word: Choose words with all their pieces instead of tokens.

    Returns:
        Tokens (B, T); positions (B, P) of those chosen, in their order, 0 where there are fewer;
        labels (B, P), the ids that stood there, -1 where there are fewer. P is even.
    """
    chosen = choose(tokens, pieces, rng, rate, whole_word)
    fate = rng.random(tokens.shape)
    drawn = rng.choice(pieces.ordinary, tokens.shape)
    hidden = np.where(fate < _MASKED, pieces.mask, np.where(fate < _MASKED + _RANDOM, drawn, tokens))
    counts = chosen.sum(axis=1, keepdims=True)
    width = int(padded_lengths(np.maximum(1, counts.max())))
    positions = np.argsort(~chosen, axis=1, kind="stable")[:, :width]
    real = np.arange(positions.shape[1]) < counts
    labels = np.where(real, np.take_along_axis(tokens, positions, axis=1), IGNORED)
    tokens, positions = np.where(chosen, hidden, tokens), np.where(real, positions, 0)
    return tokens.astype(np.int32), positions.astype(np.int32), labels.astype(np.int32)


def choose(tokens: np.ndarray, pieces: Pieces, rng: np.random.Generator, rate: float, whole_word: bool) -> np.ndarray:
    """Return which tokens are to be hidden, bool (B, T)."""
    free = ~np.isin(tokens, [0, pieces.cls, pieces.sep])
    begins = np.ones_like(free)
    if whole_word:
        begins[:, 1:] = ~(free[:, 1:] & free[:, :-1] & pieces.continues[tokens[:, 1:]])
    words = np.cumsum(begins, axis=1) - 1  # number of each token's word
    score = np.take_along_axis(rng.random(tokens.shape), words, axis=1)
    # Words in the order of their scores, special tokens last; the tokens of a word stay together.
    order = np.lexsort((words, score, ~free))
    first, last = _span_of_words(words, rank=np.argsort(order, axis=1) + 1)
    wanted = np.maximum(1, np.round(rate * free.sum(axis=1, keepdims=True)))
    # A word counts where its middle lies, so that words of several pieces do not change the share.
    chosen: np.ndarray = free & ((first + last <= 2 * wanted) | (first == 1))
    return chosen


def _span_of_words(words: np.ndarray, rank: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return for each token the first and the last rank among its word's tokens, each (B, T)."""
    first, last = np.full_like(rank, rank.shape[1]), np.zeros_like(rank)
    rows = np.arange(len(words))[:, None]
    np.minimum.at(first, (rows, words), rank)
    np.maximum.at(last, (rows, words), rank)
    return first[rows, words], last[rows, words]
