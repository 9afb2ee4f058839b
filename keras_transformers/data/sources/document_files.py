"""Plain text files of documents separated by blank lines."""

import re
from itertools import groupby, islice
from typing import Literal

from ...errors import DataError
from ...signature import Count, Path
from ..examples import Documents
from .split import part_of
from .text_files import lines, locate


class DocumentFiles:
    """Running text from plain text files: blank lines separate documents.

    Registered as `source/documents`.

    Files are UTF-8, plain or compressed (`.gz`).

    Reference: https://github.com/google-research/bert#pre-training-with-bert

    Args:
        paths: The files, read one after another; a document does not go on in the next.
        sentences: `lines`: a line is a sentence, as in BERT's own data; `split`: the lines of a
            document are joined and cut after . ! and ? where a capital follows.
        part: `all`, or one part of a corpus that has no parts of its own: about 5% of the documents
            are `valid`, 5% `test`, the rest `train`, always the same ones; equal documents fall in
            the same part.
        limit: Read no more than this many documents; none: all of them.
    """

    def __init__(
        self,
        paths: list[Path],
        sentences: Literal["lines", "split"] = "lines",
        part: Literal["all", "train", "valid", "test"] = "all",
        limit: Count | None = None,
    ):
        self.paths = paths
        self.sentences = sentences
        self.part = part
        self.limit = limit

    def read(self, root=None):
        """Return the `Documents`.

        Args:
            root: Folder that relative paths start from; by default the working directory.

        Raises:
            DataError: A file is missing or unreadable, or there is no document.
        """
        if not self.paths:
            raise DataError("`paths` must name at least one file, but is empty.")
        paths = [locate(path, root) for path in self.paths]
        documents = list(islice(self._documents(paths), self.limit))
        if not documents:
            raise DataError(self._nothing(paths))
        return Documents(documents)

    def _documents(self, paths):
        for path in paths:
            for is_text, block in groupby(lines(path), key=lambda line: bool(line.strip())):
                block = list(block)
                if is_text and self.part in ("all", part_of("\n".join(block))):
                    yield self._cut(block)

    def _cut(self, block):
        if self.sentences == "split":
            return split_sentences(" ".join(block))
        return [" ".join(line.split()) for line in block]

    def _nothing(self, paths):
        what = ", ".join(map(str, paths))
        if self.part != "all" and any(line.strip() for path in paths for line in lines(path)):
            return (
                f"{what} holds no document in its part `{self.part}`: there are too few to be split; "
                "set `part` to `all` and give another file for validation."
            )
        return f"{what} holds no document: no line has text."


_END = re.compile(r"""(?<=[.!?])\s+(?=["'(\[“‘`]*[A-Z])|(?<=[。！？])""")


def split_sentences(text):
    """Return the sentences of a paragraph: cut after . ! or ? before a capital, and after 。！？.

    White space, line ends included, becomes single spaces.
    """
    pieces = _END.split(" ".join(text.split()))
    return [piece.strip() for piece in pieces if piece.strip()]
