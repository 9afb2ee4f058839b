"""Vectors as files: one JSON object a line, or one NumPy archive.

N texts, M words of all texts, D model width.
"""

from collections.abc import Iterable, Sequence
from typing import IO, Any

import numpy as np

from ...files import to_json
from .words import WordVectors


def json_line(text: str, found: np.ndarray | WordVectors, only_ascii: bool = False) -> str:
    """Return what was found for a text, a vector (D,) or `WordVectors`, as one line of JSON.

    Args:
        text: The text.
        found: Its vector, or those of its words.
        only_ascii: Escape all else than ASCII.
    """
    if not isinstance(found, WordVectors):
        return to_json({"text": text, "vector": _numbers(found)}, only_ascii=only_ascii)
    words = [
        {"word": word, "start": start, "end": end, "vector": _numbers(vector)}
        for word, (start, end), vector in zip(found.words, found.spans, found.vectors)
    ]
    return to_json({"text": text, "words": words}, only_ascii=only_ascii)


def write_npz(stream: IO[bytes], texts: Sequence[str], found: Iterable[Any], dim: int) -> None:
    """Write what was found for all texts.

    Of sentences: `texts`, str (N,), and `vectors`, float32 (N, D). Of words also `words`, str (M,), `rows`, the number
    of each word's text, `starts` and `ends`, its characters, int64 (M,); `vectors` is then (M, D).

    Args:
        stream: Binary file.
        texts: List of str.
        found: For each a vector (D,), or for each its `WordVectors`.
        dim: D.
    """
    found = list(found)
    arrays: dict[str, Any] = {"texts": np.array(texts, str)}
    vectors: list[np.ndarray] = found
    if found and isinstance(found[0], WordVectors):
        spans = np.array([span for row in found for span in row.spans], "int64").reshape(-1, 2)
        arrays["words"] = np.array([word for row in found for word in row.words], str)
        arrays["rows"] = np.repeat(np.arange(len(found)), [len(row.words) for row in found])
        arrays["starts"], arrays["ends"] = spans.T
        vectors = [row.vectors for row in found]
    arrays["vectors"] = np.concatenate([np.zeros((0, dim), "float32"), *(row.reshape(-1, dim) for row in vectors)])
    np.savez(stream, **arrays)


def _numbers(vector: np.ndarray) -> list[float]:
    """Return float32 numbers as the shortest decimals that mean them."""
    return [float(str(number)) for number in vector]
