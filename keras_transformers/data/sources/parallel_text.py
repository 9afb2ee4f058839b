"""Parallel text from files: two files line by line, or two columns of one."""

from itertools import islice, zip_longest
from typing import Literal

from ...errors import DataError
from ...signature import Count, Natural, Path
from ..examples import Pairs
from .split import part_of
from .text_files import lines, locate


class ParallelText:
    """Sentence pairs from two files read line by line, or from two columns of one TSV file.

    Registered as `source/parallel_text`.

    Files are UTF-8, plain or compressed (`.gz`). Pairs with an empty side are dropped and counted
    in the notes.

    Args:
        source: File of input sentences, or the one tab-separated file if `target` is not given.
        target: File of output sentences; its line i belongs to line i of `source`.
        source_column: Column of the input sentence in a tab-separated file, counted from 0.
        target_column: Column of the output sentence in a tab-separated file, counted from 0.
        part: `all`, or one part of a corpus that has no parts of its own: about 5% of the source
            sentences are `valid`, 5% `test`, the rest `train`, always the same ones; equal source
            sentences fall in the same part.
        limit: Read no more than this many pairs; none: all of them.
    """

    def __init__(
        self,
        source: Path,
        target: Path | None = None,
        source_column: Natural = 0,
        target_column: Natural = 1,
        part: Literal["all", "train", "valid", "test"] = "all",
        limit: Count | None = None,
    ):
        self.source = source
        self.target = target
        self.source_column = source_column
        self.target_column = target_column
        self.part = part
        self.limit = limit

    def read(self, root=None):
        """Return the pairs.

        Args:
            root: Folder that relative paths start from; by default the working directory.

        Raises:
            DataError: The files are missing, unreadable, of different length or without a pair.
        """
        path = locate(self.source, root)
        if self.target is None:
            rows = self._columns(path)
        else:
            rows = _side_by_side(path, locate(self.target, root))
        dropped = _Dropped()
        pairs = list(islice(self._kept(rows, dropped), self.limit))
        if not pairs:
            raise DataError(self._nothing(path, dropped))
        sources, targets = (list(side) for side in zip(*pairs, strict=True))
        return Pairs(sources, targets, dropped.notes())

    def _columns(self, path):
        """Yield (place, source, target) for each line of a tab-separated file."""
        for number, line in enumerate(lines(path), start=1):
            place = f"{path.name}:{number}"
            if not line.strip():
                yield place, "", ""
                continue
            cells = line.split("\t")
            for name in ("source_column", "target_column"):
                column = getattr(self, name)
                if column >= len(cells):
                    raise DataError(
                        f"{path}:{number} has {_count(len(cells), 'column')}, but `{name}` is "
                        f"{column}; columns are separated by tabs and counted from 0."
                    )
            yield place, cells[self.source_column], cells[self.target_column]

    def _kept(self, rows, dropped):
        for place, source, target in rows:
            if not source.strip() or not target.strip():
                dropped.add(place)
            elif self.part in ("all", part_of(source)):
                yield source, target

    def _nothing(self, path, dropped):
        what = str(path) if self.target is None else f"{path} with {self.target}"
        if dropped.count:
            return f"{what} holds no pairs: all {dropped.count} lines have an empty side."
        if self.part != "all" and next(lines(path), None) is not None:
            return (
                f"{what} holds no pairs in its part `{self.part}`: it is too small to be split; "
                f"set `part` to `all` and give another file for validation."
            )
        return f"{what} holds no pairs: the file is empty."


class _Dropped:
    """Counts the pairs that have an empty side."""

    def __init__(self):
        self.count = 0
        self.first = None

    def add(self, place):
        self.count += 1
        self.first = self.first or place

    def notes(self):
        if not self.count:
            return []
        pairs = _count(self.count, "pair")
        return [f"{pairs} with an empty side dropped, first at {self.first}."]


def _side_by_side(source, target):
    """Yield (place, source, target) for each line of two files that must be equally long."""
    sources, targets = lines(source), lines(target)
    for number, (left, right) in enumerate(zip_longest(sources, targets), start=1):
        if left is None or right is None:
            longer = number + sum(1 for _ in (targets if left is None else sources))
            counts = (number - 1, longer) if left is None else (longer, number - 1)
            raise DataError(
                f"{source} has {_count(counts[0], 'line')}, but {target} has {counts[1]}: "
                f"line i of one must translate line i of the other."
            )
        # The place names the side that is empty, which is the one worth opening.
        empty = source if not left.strip() else target
        yield f"{empty.name}:{number}", left, right


def _count(number, noun):
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
