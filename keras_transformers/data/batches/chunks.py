"""Splits tokenized documents into model inputs: chunks of whole sentences, or full-length blocks.

S sentences, N chunks or blocks.
"""

from dataclasses import dataclass

import numpy as np

from .batching import Ids


@dataclass(frozen=True)
class Text:
    """The sentences of all documents as ids.

    Args:
        ids: The sentences, one after another, without special ids.
        ends: For each sentence, the number of the sentence after its document's last, (S,).
    """

    ids: Ids
    ends: np.ndarray

    @classmethod
    def of(cls, ids: Ids, counts: list[int]) -> "Text":
        """Return documents of `counts` sentences each; those without an id are left out."""
        document = np.repeat(np.arange(len(counts)), counts)[ids.lengths > 0]
        starts = np.concatenate([ids.starts[:1], ids.starts[1:][ids.lengths > 0]])
        ends = np.searchsorted(document, document, side="right")
        return cls(Ids(ids.flat, starts), ends)

    def between(self, first: int, end: int) -> np.ndarray:
        """Return the ids of the sentences `first` … `end` − 1."""
        return self.ids.flat[self.ids.starts[first] : self.ids.starts[end]]

    def reach(self, first: int, room: int) -> int:
        """Return the end of the longest run of sentences of a document that fits `room` tokens."""
        end = np.searchsorted(self.ids.starts, self.ids.starts[first] + room, side="right") - 1
        return int(min(end, self.ends[first]))

    def cut(self, longest: int) -> "Text":
        """Return the text with sentences of more than `longest` tokens in pieces of so many."""
        pieces = -(-self.ids.lengths // longest)
        first = np.repeat(self.ids.starts[:-1], pieces)
        number = np.arange(len(first)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
        starts = np.append(first + number * longest, self.ids.starts[-1])
        total = np.concatenate([[0], np.cumsum(pieces)])
        return Text(Ids(self.ids.flat, starts), np.repeat(total[self.ends], pieces))

    def chunks(self, room: int) -> np.ndarray:
        """Return the runs of whole sentences that fill `room` tokens, as first and end, (N, 2).

        Each has two sentences at least and lies in one document: a document of one sentence has
        none, and where one sentence is left at a document's end, it goes with the one before it.
        """
        found, first = [], 0
        while first < len(self.ends):
            end = self.reach(first, room)
            begins = first == 0 or self.ends[first - 1] != self.ends[first]
            if end - first > 1:
                found.append((first, end))
            elif not begins:
                found.append((first - 1, end))
            first = end
        return np.array(found, np.int64).reshape(-1, 2)


def blocks(text: Text, room: int, sep: int) -> Ids:
    """Return the text as one stream cut every `room` tokens, `sep` between documents, as `Ids`.

    Source: Liu et al. 2019, section 4.2 (FULL-SENTENCES), https://arxiv.org/abs/1907.11692
    """
    last = np.flatnonzero(np.diff(text.ends))  # the last sentence of each document but the last
    stream = np.insert(text.ids.flat, text.ids.starts[last + 1], sep)
    return Ids(stream, np.append(np.arange(0, len(stream), room), len(stream)))
