"""What the lines of a CoNLL or CoNLL-U file are: words, comments, ends of sentences."""

import contextlib
import re
from dataclasses import dataclass, replace

from ...errors import DataError
from ..examples import Tally
from .text_files import TextFile

# Of CoNLL-U, https://universaldependencies.org/format.html
_FORM, _UPOS, _COLUMNS = 1, 3, 10
_WORD_NUMBER = re.compile(r"[0-9]+")
_RANGE = re.compile(r"[0-9]+-[0-9]+")
_EMPTY_NODE = re.compile(r"[0-9]+\.[0-9]+")
_COMMENT = re.compile(r"# *(sent_id|text|newdoc|newpar|global\.columns)\b")
_GLOBAL_COLUMNS = re.compile(r"# *global\.columns *= *(.*)")  # of CoNLL-U Plus
_DOCUMENT = re.compile(r"#(begin|end) document\b")  # of OntoNotes


def cells_of(line: str) -> list[str]:
    """Return the columns of a line, without empty ones at its end.

    A tab alone separates where there is one, so that a word may hold a space; else spaces do. No other
    white space ever separates: a no-break space belongs to a word.
    """
    cells = line.split("\t") if "\t" in line else [cell for cell in line.split(" ") if cell]
    while cells and not cells[-1].strip():
        cells.pop()
    return cells


@dataclass(frozen=True)
class Layout:
    """How the lines of a file are read.

    Args:
        conllu: The file is CoNLL-U.
        word_column: Column of the word.
        tag_column: Column of the tag; None: the last one.
        widths: The numbers of columns that lines have which cannot be comments.
        tags: The tags of those lines.
    """

    conllu: bool
    word_column: int
    tag_column: int | None
    widths: frozenset[int] = frozenset()
    tags: frozenset[str] = frozenset()

    def ends_sentence(self, line: str) -> bool:
        """Tell whether a line is blank or begins or ends a document."""
        if self.conllu:
            return not line.strip()
        return not line.strip() or line.startswith("-DOCSTART-") or bool(_DOCUMENT.match(line))

    def is_comment(self, line: str, first: bool, place: str, tally: Tally) -> bool:
        """Tell whether a line is a comment; `first`: no word of its sentence has come yet."""
        if not line.startswith("#"):
            return False
        if self.conllu:
            return True
        if not first or not self.widths:
            return False
        cells = cells_of(line)
        is_hashtag = line[1:2] not in ("", " ", "\t")
        if len(cells) in self.widths and (is_hashtag or self._tag(cells) in self.tags):
            return False
        if len(cells) in self.widths:
            tally.add("line", "taken for a comment, as it begins with # and has a tag that no other has", place)
        elif is_hashtag:
            tally.add("line", "taken for a comment, as it begins with # and has other columns", place)
        return True

    def is_word(self, cells: list[str], place: str, tally: Tally) -> bool:
        """Tell whether a line that is no comment holds a word of the text: in CoNLL-U some do not.

        Raises:
            DataError: In CoNLL-U, the line begins with no number.
        """
        if not self.conllu or _WORD_NUMBER.fullmatch(cells[0]):
            return True
        if _RANGE.fullmatch(cells[0]):
            tally.add("line", "with a range of words, such as 2-3, left out", place)
        elif _EMPTY_NODE.fullmatch(cells[0]):
            tally.add("line", "with an empty node, such as 8.1, left out", place)
        else:
            raise DataError(
                f"{place} must begin with a number, a range (2-3) or an empty node (8.1), as lines of CoNLL-U do, but "
                f"begins with {cells[0]!r}; if the file is of another kind, set `format` to `conll`."
            )
        return False

    def word_and_tag(self, cells: list[str], line: str, place: str) -> tuple[str, str]:
        """Return the word and the tag of a line.

        Raises:
            DataError: It has none, or the tag holds a space.
        """
        tag = self._tag(cells)
        if self.word_column >= len(cells) or not tag:
            raise DataError(
                f"{place} must hold a word and its tag, in columns separated by tabs or spaces, but is {line!r}."
            )
        word = cells[self.word_column]
        if not word.strip(" ") or " " in tag:
            raise DataError(f"{place} must hold a word, a tab and a tag without spaces, but is {line!r}.")
        return word, tag

    def _tag(self, cells: list[str]) -> str:
        """Return the tag, or "" if there is none."""
        column = max(len(cells) - 1, 1) if self.tag_column is None else self.tag_column
        return cells[column].strip() if column < len(cells) else ""

    def learnt(self, file: TextFile) -> "Layout":
        """Return the layout with `widths` and `tags` of the lines of a file that cannot be comments."""
        widths, tags, first = set(), set(), True
        with contextlib.suppress(DataError):  # which is raised where the sentences are read
            for line in file.lines():
                if self.ends_sentence(line):
                    first = True
                elif not (first and line.startswith("#")):
                    first = False
                    cells = cells_of(line)
                    if self._tag(cells):
                        widths.add(len(cells))
                        tags.add(self._tag(cells))
        return replace(self, widths=frozenset(widths), tags=frozenset(tags))


def layout_of(file: TextFile, format: str, word_column: int | None, tag_column: int | None) -> Layout:
    """Return the `Layout` of a `TextFile`.

    Args:
        file: The file.
        format: `conll`, `conllu` or `auto`.
        word_column: Column of the word; None: that of the format.
        tag_column: Column of the tag; None: that of the format.
    """
    if format == "conll" or (format == "auto" and not _is_conllu(file)):
        return Layout(False, word_column or 0, tag_column).learnt(file)
    form = _FORM
    upos: int | None = _UPOS
    if named := _GLOBAL_COLUMNS.match(next(file.lines(), "")):
        names = named[1].split()
        form = names.index("FORM") if "FORM" in names else _FORM
        upos = names.index("UPOS") if "UPOS" in names else None
    return Layout(True, form if word_column is None else word_column, upos if tag_column is None else tag_column)


def _is_conllu(file: TextFile) -> bool:
    if file.path.name.lower().removesuffix(".gz").endswith((".conllu", ".conllup")):
        return True
    commented = False
    for line in file.lines():
        if line.startswith("#"):
            commented = commented or bool(_COMMENT.match(line))
        elif line.strip():
            number, *others = line.split("\t")
            numbered = any(kind.fullmatch(number) for kind in (_WORD_NUMBER, _RANGE, _EMPTY_NODE))
            return numbered and (len(others) == _COLUMNS - 1 or (commented and len(others) >= _UPOS))
    return False
