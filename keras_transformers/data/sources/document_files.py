"""Plain text files of documents separated by blank lines."""

import re
from collections.abc import Iterator
from itertools import groupby
from typing import Any, Literal

from ...signature import Path, register
from ..examples import Document, Documents, Tally
from .source import FileSource
from .text_files import TextFile

_END = re.compile(r"""(?<=[.!?])\s+(?=["'(\[“‘`]*[A-Z])|(?<=[。！？])""")


@register("source", "documents")
class DocumentFiles(FileSource):
    """Running text from plain text files: blank lines separate documents.

    Files are plain or compressed (`.gz`).

    Reference: https://github.com/google-research/bert#pre-training-with-bert

    Args:
        paths: The files, read one after another; a document does not go on in the next.
        sentences: `lines`: a line is a sentence, as in BERT's own data; `split`: the lines of a
            document are joined and cut after . ! and ? where a capital follows.
    """

    gives = Documents

    def __init__(self, paths: list[Path], sentences: Literal["lines", "split"] = "lines", **kwargs: Any) -> None:
        super().__init__(paths, **kwargs)
        self.sentences = sentences

    def examples(self, files: list[TextFile], tally: Tally) -> Iterator[Document]:
        for file in files:
            numbered = enumerate(file.lines(), start=1)
            for is_text, block in groupby(numbered, key=lambda item: bool(item[1].strip())):
                if is_text:
                    numbers, lines = zip(*block)
                    yield Document(f"{file}:{numbers[0]}", "\n".join(lines), self._cut(lines))

    def _cut(self, lines: Any) -> list[str]:
        if self.sentences == "split":
            return split_sentences(" ".join(lines))
        return [" ".join(line.split()) for line in lines]


def split_sentences(text: str) -> list[str]:
    """Return the sentences of a paragraph: cut after . ! or ? before a capital, and after 。！？.

    White space, line ends included, becomes single spaces.
    """
    pieces = _END.split(" ".join(text.split()))
    return [piece.strip() for piece in pieces if piece.strip()]
