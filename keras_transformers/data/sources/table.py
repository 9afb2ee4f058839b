"""Tables with named columns: TSV and CSV."""

from collections.abc import Iterator
from typing import Any, Literal

from ...errors import DataError, did_you_mean
from ...signature import Path, register
from ..examples import Labelled, LabelledText, Tally
from .cells import rows_of
from .source import FileSource
from .text_files import TextFile

SEPARATORS = {"tab": "\t", "comma": ",", "semicolon": ";"}


@register("source", "table")
class Table(FileSource):
    """Texts and labels from columns of a TSV or CSV file.

    The file is plain or compressed (`.gz`). Its first row names the columns, unless `header` does.

    Args:
        path: The file.
        label: Name of the column of labels.
        text: Name of the column of texts.
        second: Name of the column of second texts, for pairs; none: single texts.
        separator: What stands between cells: `tab`, `comma`, `semicolon`, or `auto`: `comma` for a file whose name
            ends in .csv or .csv.gz, else `tab`; or another of the three if the first line has none of it.
        header: Names of the columns, of a file that does not name them itself.
        quotes: `double`: a cell may stand in double quotes, and there hold separators, line ends and quotes, each
            written twice; `none`: quotes are text; `auto`: `double` in a CSV file, in a TSV file what all
            of its cells together show.
    """

    gives = Labelled

    def __init__(
        self,
        path: Path,
        label: str = "label",
        text: str = "text",
        second: str | None = None,
        separator: Literal["auto", "tab", "comma", "semicolon"] = "auto",
        header: list[str] | None = None,
        quotes: Literal["auto", "double", "none"] = "auto",
        **kwargs: Any,
    ) -> None:
        super().__init__([path], **kwargs)
        self.path = path
        self.label = label
        self.text = text
        self.second = second
        self.separator = separator
        self.header = header
        self.quotes = quotes

    def examples(self, files: list[TextFile], tally: Tally) -> Iterator[LabelledText]:
        (file,) = files
        separator = self._separator(file)
        quotes = "double" if self.quotes == "auto" and separator != "\t" else self.quotes
        filled = (row for row in rows_of(file, separator, quotes, self.header is None, tally) if row.cells)
        names = self.header
        if names is None:
            first = next(filled, None)
            if first is None:
                return
            names = first.cells
        names = [name.strip() for name in names]
        wanted = [name for name in (self.label, self.text, self.second) if name is not None]
        columns = [_column(name, names, file) for name in wanted]
        may_be_header = self.header is not None
        for row in filled:
            place = f"{file}:{row.number}"
            if len(row.cells) != len(names):
                raise DataError(
                    f"{place} has {len(row.cells)} cells, but there are {len(names)} columns: {', '.join(names)}."
                )
            if may_be_header and _is_header(row.cells, names, place):
                tally.add("row", "with the names of the columns, as in `header`, left out", place)
            else:
                yield LabelledText(place, *(row.cells[column] for column in columns))
            may_be_header = False

    def _separator(self, file: TextFile) -> str:
        if self.separator != "auto":
            return SEPARATORS[self.separator]
        is_csv = file.path.name.lower().removesuffix(".gz").endswith(".csv")
        usual = SEPARATORS["comma" if is_csv else "tab"]
        first = next((line for line in file.lines() if line.strip()), "")
        return next((separator for separator in (usual, *SEPARATORS.values()) if separator in first), usual)


def _is_header(cells: list[str], names: list[str], place: str) -> bool:
    """Tell whether the first row is the header that the recipe gives, too."""
    cells, lower = [cell.strip().lower() for cell in cells], [name.lower() for name in names]
    if sorted(cells) != sorted(lower):
        return False
    if cells != lower:
        raise DataError(
            f"{place} names the columns in the order {', '.join(cells)}, but `header` as {', '.join(names)}: leave "
            "`header` out."
        )
    return True


def _column(name: str, names: list[str], file: TextFile) -> int:
    if name not in names:
        raise DataError(
            f"{file} has no column `{name}`.{did_you_mean(name, names)} It has: {', '.join(names)}; if its "
            "first row does not name the columns, give them as `header`."
        )
    if names.count(name) > 1:
        raise DataError(f"{file} has {names.count(name)} columns `{name}`: give one of them another name.")
    return names.index(name)
