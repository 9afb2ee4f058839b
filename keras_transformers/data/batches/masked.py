"""Pre-training batches: sentence pairs or full-length blocks, masked anew in each epoch.

B batch, T length, P most masked tokens in one sequence of the batch, N examples.
"""

import abc
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from .batching import Batches, Ids, Rows, draws, padded_lengths
from .chunks import Text
from .masking import Pieces, mask_tokens


class MaskedBatches(Batches):
    """Batches whose tokens are masked anew each time.

    Attributes:
        pieces: What to know of the vocabulary.
        rate: Share of tokens that are masked.
        whole_word: Mask words with all their pieces.
    """

    pieces: Pieces
    rate: float
    whole_word: bool

    def batch(self, rows: Rows, rng: np.random.Generator | None = None) -> tuple[Any, Any]:
        """Return `({"tokens", "segments", "positions"}, {"masked", …})` of the examples `rows`.

        `tokens` and `segments` are (B, T); `positions` and the labels `masked` are (B, P), where
        -1 is no label. All are int32.
        """
        rng = draws(self.seed, None, 0) if rng is None else rng
        sequences, labels = self.draw(rows, rng)
        width = int(padded_lengths(np.max([len(ids) for ids, _ in sequences])))
        tokens, segments = np.zeros((2, len(sequences), width), np.int32)
        for row, (ids, second) in enumerate(sequences):
            tokens[row, : len(ids)] = ids
            segments[row, second : len(ids)] = 1
        tokens, positions, masked = mask_tokens(tokens, self.pieces, rng, self.rate, self.whole_word)
        inputs = {"tokens": tokens, "segments": segments, "positions": positions}
        return inputs, {"masked": masked, **labels}

    @abc.abstractmethod
    def draw(self, rows: Rows, rng: np.random.Generator) -> tuple[list[tuple[np.ndarray, int]], dict[str, np.ndarray]]:
        """Return the sequences of the examples `rows` and the labels besides the masked tokens.

        A sequence is its ids, special ids included, and where its second segment begins.
        """


@dataclass(frozen=True)
class MaskedBlocks(MaskedBatches):
    """Blocks of running text, all of full length but the last.

    Args:
        blocks: Ids, without the special ids around them.
    """

    blocks: Ids
    pieces: Pieces
    batch_tokens: int
    seed: int = 0
    rate: float = 0.15
    whole_word: bool = False

    @property
    def lengths(self) -> list[np.ndarray]:
        return [self.blocks.lengths + 2]

    @property
    def tokens(self) -> int:
        """Number of real tokens in an epoch."""
        return int(self.lengths[0].sum())

    def draw(self, rows: Rows, rng: np.random.Generator) -> tuple[list[tuple[np.ndarray, int]], dict[str, np.ndarray]]:
        around = [self.pieces.cls], [self.pieces.sep]
        ids = [self.blocks.flat[self.blocks.starts[row] : self.blocks.starts[row + 1]] for row in rows]
        whole = [np.concatenate([around[0], sequence, around[1]]) for sequence in ids]
        return [(sequence, len(sequence)) for sequence in whole], {}


@dataclass(frozen=True)
class MaskedPairs(MaskedBatches):
    """Pairs of runs of sentences: in half of them the second run follows the first in the text.

    An example is a chunk of a document. In each epoch it is divided anew between two sentences. What
    follows the division is the second run (label 0), or else the text after a division of another
    document's chunk (label 1). Both take as many whole sentences as there is room for, so that
    neither their lengths nor their ends tell which is which.

    Args:
        text: The sentences, none longer than half the room.
        chunks: First and end of each chunk's sentences, (N, 2), in the order of the text; from two
            documents at least.
        length: Longest sequence, special ids included.
    """

    text: Text
    chunks: np.ndarray
    pieces: Pieces
    length: int
    batch_tokens: int
    seed: int = 0
    rate: float = 0.15
    whole_word: bool = False

    @cached_property
    def lengths(self) -> list[np.ndarray]:
        """What an example may fill: all there is, if its document goes on; else its own length."""
        first, end = self.chunks.T
        own = self.text.ids.starts[end] - self.text.ids.starts[first] + 3
        return [np.where(end < self.text.ends[first], self.length, own)]

    @property
    def tokens(self) -> int:
        """Number of real tokens in an epoch, if every second run were the right one."""
        first, end = self.chunks.T
        return int((self.text.ids.starts[end] - self.text.ids.starts[first] + 3).sum())

    def draw(self, rows: Rows, rng: np.random.Generator) -> tuple[list[tuple[np.ndarray, int]], dict[str, np.ndarray]]:
        lengths = self.lengths[0]
        pairs = [self._pair(row, int(lengths[row]) - 3, rng) for row in rows]
        labels = np.array([label for *_, label in pairs], np.int32)
        return [self._packed(first, second) for first, second, _ in pairs], {"next": labels}

    def _packed(self, first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, int]:
        cls, sep = [self.pieces.cls], [self.pieces.sep]
        return np.concatenate([cls, first, sep, second, sep]), len(first) + 2

    def _pair(self, row: int, room: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, int]:
        """Return the two runs of ids that example `row` has this time, and the label."""
        begin, middle = self._divided(row, rng)
        first = self.text.between(begin, middle)
        room -= len(first)
        random = rng.random() < 0.5
        if random:
            middle = self._elsewhere(row, room, rng)
        second = self.text.between(middle, max(middle + 1, self.text.reach(middle, room)))
        return first, second[:room], int(random)

    @cached_property
    def _ends(self) -> np.ndarray:
        """For each chunk, which document it is of, as the number of the sentence after it."""
        ends: np.ndarray = self.text.ends[self.chunks[:, 0]]
        return ends

    def _divided(self, row: int, rng: np.random.Generator) -> tuple[int, int]:
        """Return the first sentence of a chunk and the first after its division."""
        begin, end = self.chunks[row]
        return begin, rng.integers(begin + 1, end)

    def _elsewhere(self, row: int, room: int, rng: np.random.Generator, tries: int = 10) -> int:
        """Return the first sentence after a division of another document's chunk.

        One that fits is looked for: were it cut off, that would tell.
        """
        ends = self._ends
        low, high = np.searchsorted(ends, ends[row]), np.searchsorted(ends, ends[row], side="right")
        for _ in range(tries):
            other = rng.integers(len(ends) - (high - low))
            middle = self._divided(other if other < low else other + high - low, rng)[1]
            if self.text.ids.lengths[middle] <= room:
                break
        return middle
