"""What a source of running text gives: documents, each a list of sentences."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Documents:
    """Documents in the order of the source.

    Args:
        sentences: The sentences of each document, in their order; none is blank.
    """

    sentences: list[list[str]]

    def __len__(self):
        return len(self.sentences)

    @property
    def texts(self):
        """All sentences of all documents."""
        return [sentence for document in self.sentences for sentence in document]


_END = re.compile(r"""(?<=[.!?])\s+(?=["'(\[“‘`]*[A-Z])|(?<=[。！？])""")


def split_sentences(text):
    """Return the sentences of a paragraph: cut after . ! or ? before a capital, and after 。！？.

    White space, line ends included, becomes single spaces.
    """
    pieces = _END.split(" ".join(text.split()))
    return [piece.strip() for piece in pieces if piece.strip()]
