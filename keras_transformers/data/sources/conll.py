"""CoNLL and CoNLL-U files: a word and its tags a line, an empty line after each sentence."""

from collections.abc import Iterator
from typing import Any, Literal

from ...errors import DataError
from ...signature import Natural, Path, register
from ..examples import Tagged, TaggedSentence, Tally
from .conll_layout import Layout, cells_of, layout_of
from .source import FileSource
from .text_files import TextFile


@register("source", "conll")
class Conll(FileSource):
    """Sentences with a tag for each word, from a CoNLL or CoNLL-U file.

    The file is plain or compressed (`.gz`): a word a line, its columns separated by tabs or, in a line
    without tabs, by spaces; an empty line ends a sentence. Left out are `-DOCSTART-`, comments before a sentence,
    such as `# id 7` and `#begin document (x);`, and in CoNLL-U also the words that a range repeats (`2-3`) and
    those that are not in the text (`8.1`). A line that begins with # is a word if it has as many columns
    as the others, and a tag that others have.

    Reference: Tjong Kim Sang and De Meulder 2003, https://arxiv.org/abs/cs/0306050; CoNLL-U,
        https://universaldependencies.org/format.html

    Args:
        path: The file.
        word_column: Column of the word, counted from 0; none: the first one, in CoNLL-U that of FORM.
        tag_column: Column of the tag, counted from 0; none: the last one, in CoNLL-U that of UPOS.
        format: `conll`, `conllu`, or `auto`: `conllu` for a file whose name ends in .conllu or whose lines
            have the numbers and columns of that format.
    """

    gives = Tagged

    def __init__(
        self,
        path: Path,
        word_column: Natural | None = None,
        tag_column: Natural | None = None,
        format: Literal["auto", "conll", "conllu"] = "auto",
        **kwargs: Any,
    ) -> None:
        super().__init__([path], **kwargs)
        self.path = path
        self.word_column = word_column
        self.tag_column = tag_column
        self.format = format

    def examples(self, files: list[TextFile], tally: Tally) -> Iterator[TaggedSentence]:
        (file,) = files
        layout = layout_of(file, self.format, self.word_column, self.tag_column)
        usual = None
        for place, width, words in _sentences(file, layout, tally):
            usual = usual or width
            if width != usual:
                self._other_width(place, width, usual, layout, tally)
            yield TaggedSentence(place, [word for word, _ in words], [tag for _, tag in words])

    def _other_width(self, place: str, width: int, usual: int, layout: Layout, tally: Tally) -> None:
        """Refuse or count a sentence that has another number of columns than the first one."""
        if layout.tag_column is None:
            raise DataError(
                f"{place} has {width} columns, but the first sentence has {usual}, so the last is not always the same "
                "one: say which column is the tag's with `tag_column`."
            )
        tally.add("sentence", "with another number of columns than the first one", place)


def _sentences(file: TextFile, layout: Layout, tally: Tally) -> Iterator[tuple[str, int, list[tuple[str, str]]]]:
    """Yield `(place, number of columns, list of (word, tag))` of each sentence."""
    begin, width = "", 0
    words: list[tuple[str, str]] = []
    for number, line in enumerate(file.lines(), start=1):
        place = f"{file}:{number}"
        if layout.ends_sentence(line):
            if words:
                yield begin, width, words
            words = []
            continue
        cells = cells_of(line)
        if layout.is_comment(line, not words, place, tally) or not layout.is_word(cells, place, tally):
            continue
        word = layout.word_and_tag(cells, line, place)
        if not words:
            begin, width = place, len(cells)
        if len(cells) != width:
            raise DataError(
                f"{place} has {len(cells)} columns, but the first word of its sentence has {width}; columns are "
                f"separated by tabs or, in a line without tabs, by spaces: {line!r}."
            )
        words.append(word)
    if words:
        yield begin, width, words
