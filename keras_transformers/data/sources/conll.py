"""CoNLL files: one word and its tag a line, an empty line after each sentence."""

from itertools import islice

from ...errors import DataError
from ...signature import Count, Natural, Path
from ..examples import Tagged
from .text_files import lines, locate

NO_BREAK_SPACE = "\u00a0"  # keeps "10 000" one word where words are separated by spaces


class Conll:
    """Sentences with a tag for each word, from a CoNLL file.

    Registered as `source/conll`.

    The file is plain or compressed (`.gz`): a word a line, its columns separated by tabs or,
    in a line without tabs, by spaces; an empty line ends a sentence. Lines beginning with
    `-DOCSTART-` are left out.

    Reference: Tjong Kim Sang and De Meulder 2003, https://arxiv.org/abs/cs/0306050

    Args:
        path: The file.
        word_column: Column of the word, counted from 0.
        tag_column: Column of the tag, counted from 0; none: the last one.
        encoding: How the file's characters are written, such as `latin-1`.
        limit: Read no more than this many sentences; none: all of them.
    """

    def __init__(
        self,
        path: Path,
        word_column: Natural = 0,
        tag_column: Natural | None = None,
        encoding: str = "utf-8",
        limit: Count | None = None,
    ):
        self.path = path
        self.word_column = word_column
        self.tag_column = tag_column
        self.encoding = encoding
        self.limit = limit

    def read(self, root=None):
        """Return the sentences as `Tagged`.

        Args:
            root: Folder that relative paths start from; by default the working directory.

        Raises:
            DataError: The file is missing or unreadable, holds no sentence, or a line lacks a column.
        """
        path = locate(self.path, root)
        sentences = list(islice(self._sentences(path), self.limit))
        if not sentences:
            raise DataError(f"{path} holds no sentence: no line has a word and a tag.")
        words, tags, places = ([[row[column] for row in rows] for rows in sentences] for column in range(3))
        notes = _notes(words, places)
        words = [[word.replace(" ", NO_BREAK_SPACE) for word in sentence] for sentence in words]
        return Tagged(words, tags, [first for first, *_ in places], notes)

    def _sentences(self, path):
        sentence = []
        for number, line in enumerate(lines(path, self.encoding), start=1):
            if not line.strip():
                if sentence:
                    yield sentence
                sentence = []
            elif not line.startswith("-DOCSTART-"):
                sentence.append(self._row(line, f"{path}:{number}"))
        if sentence:
            yield sentence

    def _row(self, line, place):
        """Return word, tag and place of a line."""
        # A tab alone separates where there is one: a word may hold any other white space.
        cells = line.split("\t") if "\t" in line else line.split()
        tag_column = max(len(cells) - 1, 1) if self.tag_column is None else self.tag_column
        if max(self.word_column, tag_column) >= len(cells) or not cells[tag_column].strip():
            raise DataError(
                f"{place} must hold a word and its tag, in columns separated by tabs or spaces, but is {line!r}."
            )
        word, tag = cells[self.word_column], cells[tag_column].strip()
        if not word.strip(" ") or " " in tag:
            raise DataError(f"{place} must hold a word, a tab and a tag without spaces, but is {line!r}.")
        return word, tag, place


def _notes(words, places):
    """Return a sentence on the words that held a space."""
    joined = [place for sentence, where in zip(words, places) for word, place in zip(sentence, where) if " " in word]
    return [f"{len(joined)} words hold a space, which became a no-break space, first at {joined[0]}."] if joined else []
