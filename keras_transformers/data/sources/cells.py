"""Rows of cells: text with separators, whose double quotes enclose cells or are text.

Python's `csv` refuses cells of more than 131,072 characters, unless a limit of the whole process is
raised, and does not tell which cells stood in quotes.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ...errors import DataError
from ..examples import Tally
from .text_files import TextFile

QUOTE = '"'


@dataclass(frozen=True)
class Row:
    """A row of a table.

    Args:
        number: Number of its last line; a cell in quotes may hold line ends.
        cells: Its cells, without the quotes that enclose them; none: the line is blank.
        enclosed: Whether each stood in quotes.
    """

    number: int
    cells: list[str]
    enclosed: list[bool]


def rows_of(file: TextFile, separator: str, quotes: str, header: bool, tally: Tally) -> Iterator[Row]:
    """Yield the `Row`s of a `TextFile`.

    Args:
        file: The file.
        separator: One character.
        quotes: `double`: they enclose cells; `none`: they are text; `auto`: as the whole file shows.
        header: The first row names the columns.
        tally: The `Tally` that is told if the file does not show it clearly.

    Raises:
        DataError: The file cannot be read; a quote is never closed, or stands where none can.
    """
    quoting, sure = quotes == "double", True
    if quotes == "auto":
        quoting, sure = quotes_enclose_cells(file.lines(), separator, header)
    if not sure:
        taken, otherwise = ("enclose cells", "are text") if quoting else ("are text", "enclose cells")
        value = "none" if quoting else "double"
        tally.note(f"{file}: quotes around cells {taken}, it seems; if they {otherwise}, set `quotes` to `{value}`.")
    return split_rows(file.lines(), file, separator, quoting)


def split_rows(lines: Iterable[str], name: object, separator: str, quoting: bool) -> Iterator[Row]:
    """Yield a `Row` for each line, or for the lines over which the cells of a row go.

    Args:
        lines: Iterable of str without line ends.
        name: The file, for messages.
        separator: One character.
        quoting: Double quotes enclose cells; in such a cell `""` is one quote.

    Raises:
        DataError: A quote is never closed, or something else than a separator follows it.
    """
    numbered = enumerate(lines, start=1)
    for number, line in numbered:
        if quoting and QUOTE in line:
            yield _quoted_row(number, line, numbered, name, separator)
        else:
            cells = line.split(separator) if line.strip() else []
            yield Row(number, cells, [False] * len(cells))


def _quoted_row(number: int, line: str, numbered: Iterator[tuple[int, str]], name: object, separator: str) -> Row:
    cells, enclosed, at = [], [], 0
    while at <= len(line):
        if line.startswith(QUOTE, at):
            cell, number, line, at = _enclosed(number, line, at + 1, numbered, name)
            if at < len(line) and line[at] != separator:
                raise DataError(
                    f"{name}:{number}: a quote that ends a cell must stand before a separator or the line's end, but "
                    f"stands before {line[at : at + 20]!r}. In a cell in quotes, a quote is written twice; if quotes "
                    "are text in this file, set `quotes` to `none`."
                )
            enclosed.append(True)
        else:
            end = line.find(separator, at)
            end = len(line) if end < 0 else end
            cell, at = line[at:end], end
            enclosed.append(False)
        cells.append(cell)
        at += 1  # over the separator
    return Row(number, cells, enclosed)


def _enclosed(
    number: int, line: str, at: int, numbered: Iterator[tuple[int, str]], name: object
) -> tuple[str, int, str, int]:
    """Return a cell in quotes, whose text begins at `at`; and the number and the line of its end, and where that is."""
    first, pieces = number, []
    while True:
        end = line.find(QUOTE, at)
        if end < 0:
            pieces += [line[at:], "\n"]
            following = next(numbered, None)
            if following is None:
                raise DataError(
                    f"{name}:{first}: a quote that begins a cell in this line is never closed. If quotes are text in "
                    "this file, set `quotes` to `none`."
                )
            (number, line), at = following, 0
        elif line.startswith(QUOTE, end + 1):
            pieces += [line[at:end], QUOTE]
            at = end + 2
        else:
            return "".join([*pieces, line[at:end]]), number, line, end + 1


def quotes_enclose_cells(lines: Iterable[str], separator: str, header: bool) -> tuple[bool, bool]:
    r"""Tell what the double quotes of a file are, by what the whole of it shows.

    pandas and Excel put a cell in quotes if it holds a quote, a separator or a line end, Excel also if
    it holds a comma, and write each quote inside twice. Others put all cells of a column in quotes. Where text was
    written as it is, quotes stand within cells, and each line has as many separators as the others.

    Args:
        lines: The lines of the file.
        separator: One character.
        header: The first row names the columns.

    Returns:
        Whether quotes enclose cells, and whether that is sure; a file without cells in quotes is sure.
    """
    seen = _Seen()
    try:
        for row in split_rows(seen.watched(lines, separator), "", separator, quoting=True):
            if any(QUOTE in cell for cell, enclosed in zip(row.cells, row.enclosed) if not enclosed):
                return False, True
            if row.cells:
                seen.add(row)
    except DataError:  # a quote is not closed; or the file cannot be read, which its reader will say
        return False, True
    if not any(seen.enclosed_in_column):
        return False, True
    if len(seen.widths) != len(seen.plain_widths):
        return len(seen.widths) < len(seen.plain_widths), True
    if seen.several_lines:  # quotations of plain text that end in another row
        return False, False
    if seen.doubled or (header and seen.first is not None and all(seen.first.enclosed)):
        return True, True
    examples = seen.count - header
    whole_column = examples > 1 and max(seen.enclosed_in_column) >= examples
    by_commas = seen.with_comma == seen.with_comma_enclosed == sum(seen.enclosed_in_column)
    return whole_column or by_commas, False


@dataclass
class _Seen:
    """What was seen of the rows of a file, read with quotes that enclose cells.

    Args:
        plain_widths: The numbers of cells that lines have where quotes are text.
        widths: The numbers of cells of rows.
        count: How many rows there are.
        first: The first row.
        enclosed_in_column: How many cells of each column are in quotes.
        with_comma: How many cells hold a comma; `with_comma_enclosed`, how many of them are in quotes.
        doubled: Some cell in quotes holds a quote, which was written twice.
        several_lines: Some cell goes over several lines.
    """

    plain_widths: set[int] = field(default_factory=set)
    widths: set[int] = field(default_factory=set)
    count: int = 0
    first: Row | None = None
    enclosed_in_column: list[int] = field(default_factory=list)
    with_comma: int = 0
    with_comma_enclosed: int = 0
    doubled: bool = False
    several_lines: bool = False

    def watched(self, lines: Iterable[str], separator: str) -> Iterator[str]:
        for line in lines:
            if line.strip():
                self.plain_widths.add(line.count(separator) + 1)
            yield line

    def add(self, row: Row) -> None:
        self.first = self.first or row
        self.count += 1
        self.widths.add(len(row.cells))
        missing = len(row.cells) - len(self.enclosed_in_column)
        self.enclosed_in_column += [0] * missing
        for column, (cell, enclosed) in enumerate(zip(row.cells, row.enclosed)):
            self.enclosed_in_column[column] += enclosed
            self.with_comma += "," in cell
            self.with_comma_enclosed += enclosed and "," in cell
            self.doubled |= QUOTE in cell
            self.several_lines |= "\n" in cell
