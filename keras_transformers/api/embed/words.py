"""Contextual embeddings of the words of a text.

N texts, W windows over them, P pieces, B windows read together, T length, D model width.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from ...text.packing import pack
from ...text.windows import windows

TOKENS = 4096  # of the windows that are read together, padding included


@dataclass(frozen=True)
class WordVectors:
    """The words of a text.

    Args:
        words: As they stand in the text.
        spans: First character of each, and the one after the last.
        vectors: The mean of its pieces' vectors for each, (words, D), float32.
    """

    words: list[str]
    spans: list[tuple[int, int]]
    vectors: np.ndarray


class Words:
    """Finds the words of texts, and their vectors.

    Args:
        states: Model from `tokens` and `segments` (B, T) to states (B, T, D).
        tokenizer: A `WordPiece`.
        longest: The most tokens that the model reads at once.
    """

    def __init__(self, states: Any, tokenizer: Any, longest: int) -> None:
        self.states = tf.function(lambda tokens: states({"tokens": tokens, "segments": tf.zeros_like(tokens)}),
                                  input_signature=[tf.TensorSpec((None, None), tf.int32)])  # fmt: skip
        self.dim = states.output.shape[-1]
        self.tokenizer = tokenizer
        self.longest = longest
        self.continues = tokenizer.continues

    def __call__(self, texts: Sequence[str]) -> list[WordVectors]:
        """Return the `WordVectors` of each str."""
        ids, starts, ends = self.tokenizer.tokenize_with_offsets(tf.constant(texts, tf.string))
        vectors = self._piece_vectors(ids)
        splits = ids.row_splits.numpy()
        flat = ids.flat_values.numpy(), starts.flat_values.numpy(), ends.flat_values.numpy(), vectors
        return [
            self._words(text.encode("utf-8"), *(column[first:end] for column in flat))
            for text, first, end in zip(texts, splits, splits[1:])
        ]

    def _piece_vectors(self, ids: Any) -> np.ndarray:
        """Return the vector of each piece of ragged `ids` (N, None), one after another: (P, D), float32."""
        room = self.longest - 2
        plan = windows(ids.row_lengths(), tf.fill([ids.nrows()], room), max(1, room // 2))
        tokens, _ = pack(self.tokenizer, plan.of(ids), max_length=self.longest)
        before = ids.row_splits.numpy()[plan.rows.numpy()]
        starts, firsts, ends = (ragged.numpy() for ragged in (plan.starts, plan.firsts, plan.ends))
        lengths = tokens.row_lengths().numpy()
        found = np.zeros((ids.flat_values.shape[0], self.dim), "float32")
        for chosen in _cut(lengths):
            states = self.states(tf.gather(tokens, chosen).to_tensor(0)).numpy()
            for state, row in zip(states, chosen):
                own = slice(before[row] + firsts[row], before[row] + ends[row])
                offset = 1 - starts[row]  # [CLS] comes first
                found[own] = state[firsts[row] + offset : ends[row] + offset]
        return found

    def _words(self, text: bytes, ids: Any, starts: np.ndarray, ends: np.ndarray, vectors: np.ndarray) -> WordVectors:
        """Return the `WordVectors` of one text, UTF-8, from its pieces."""
        if not len(ids):
            return WordVectors([], [], vectors)
        begins = ~self.continues[ids]
        begins[0] = True
        first = np.flatnonzero(begins)
        counts = np.diff([*first, len(ids)])
        places = list(zip(starts[first].tolist(), ends[first + counts - 1].tolist()))
        words = [text[start:end].decode("utf-8", "replace") for start, end in places]
        before = _characters_before(text)
        spans = [(before[start], before[end]) for start, end in places]
        return WordVectors(words, spans, np.add.reduceat(vectors, first) / counts[:, None].astype("float32"))


def _cut(lengths: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the numbers of windows to read together, the longest first."""
    order = np.argsort(-lengths, kind="stable")
    start = 0
    while start < len(order):
        rows = max(1, TOKENS // int(lengths[order[start]]))
        yield order[start : start + rows]
        start += rows


def _characters_before(text: bytes) -> list[int]:
    """Return how many characters of UTF-8 begin before each byte, and before the end: a list of int."""
    begins = np.frombuffer(text, np.uint8) & 0xC0 != 0x80
    return [0, *np.cumsum(begins).tolist()]
