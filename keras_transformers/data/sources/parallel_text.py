"""Parallel text from files: two files line by line, or two columns of one."""

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any, Literal

from ...errors import DataError
from ...signature import Natural, Path, register
from ..examples import Pair, Pairs, Tally, counted
from .cells import rows_of
from .source import FileSource
from .text_files import TextFile


@register("source", "parallel_text")
class ParallelText(FileSource):
    """Sentence pairs from two files read line by line, or from two columns of one TSV file.

    Files are plain or compressed (`.gz`). Pairs with an empty side are dropped and counted in the notes.

    Args:
        source: File of input sentences, or the one tab-separated file if `target` is not given.
        target: File of output sentences; its line i belongs to line i of `source`.
        source_column: Column of the input sentence in a tab-separated file, counted from 0.
        target_column: Column of the output sentence in a tab-separated file, counted from 0.
        quotes: In a tab-separated file, `double`: a cell may stand in double quotes, and there hold tabs, line
            ends and quotes, each written twice; `none`: quotes are text; `auto`: what all of its cells
            together show.
    """

    gives = Pairs

    def __init__(
        self,
        source: Path,
        target: Path | None = None,
        source_column: Natural = 0,
        target_column: Natural = 1,
        quotes: Literal["auto", "double", "none"] = "auto",
        **kwargs: Any,
    ) -> None:
        super().__init__([source] if target is None else [source, target], **kwargs)
        self.source = source
        self.target = target
        self.source_column = source_column
        self.target_column = target_column
        self.quotes = quotes

    def examples(self, files: list[TextFile], tally: Tally) -> Iterator[Pair]:
        return self._columns(files[0], tally) if self.target is None else _side_by_side(*files)

    def _columns(self, file: TextFile, tally: Tally) -> Iterator[Pair]:
        """Yield the pair of each row of a tab-separated file."""
        for row in rows_of(file, "\t", self.quotes, False, tally):
            place = f"{file}:{row.number}"
            if not row.cells:
                yield Pair(place, "", "")
                continue
            for name in ("source_column", "target_column"):
                column = getattr(self, name)
                if column >= len(row.cells):
                    raise DataError(
                        f"{place} has {counted(len(row.cells), 'column')}, but `{name}` is {column}; columns are "
                        "separated by tabs and counted from 0."
                    )
            yield Pair(place, row.cells[self.source_column], row.cells[self.target_column])


def _side_by_side(source: TextFile, target: TextFile) -> Iterator[Pair]:
    """Yield the pair of each line of two files that must be equally long."""
    sources, targets = source.lines(), target.lines()
    for number, (left, right) in enumerate(zip_longest(sources, targets), start=1):
        if left is None or right is None:
            longer = number + sum(1 for _ in (targets if left is None else sources))
            counts = (number - 1, longer) if left is None else (longer, number - 1)
            raise DataError(
                f"{source} has {counted(counts[0], 'line')}, but {target} has {counts[1]:,}: "
                "line i of one must translate line i of the other."
            )
        # The place names the side that is empty, which is the one worth opening.
        empty = source if not left.strip() else target
        yield Pair(f"{empty}:{number}", left, right)
