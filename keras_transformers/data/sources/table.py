"""Tables with named columns: TSV and CSV."""

import csv
from typing import Literal

from ...errors import DataError, did_you_mean
from ...signature import Count, Path
from .source import gather
from .text_files import lines, locate


class Table:
    """Texts and labels from columns of a TSV or CSV file.

    Registered as `source/table`.

    The file is plain or compressed (`.gz`). Its first row names the columns, unless `header` does.
    In a CSV file, a cell with commas or line ends stands in double quotes; a TSV file knows no quotes.

    Args:
        path: The file.
        label: Name of the column of labels.
        text: Name of the column of texts.
        second: Name of the column of second texts, for pairs; none: single texts.
        separator: `tab`, `comma`, or `auto`: `comma` for a file whose name ends in .csv or .csv.gz.
        header: Names of the columns, of a file that does not name them itself.
        encoding: How the file's characters are written, such as `latin-1`.
        part: `all`, or one part of a file that has no parts of its own: about 5% of the texts are
            `valid`, 5% `test`, the rest `train`, always the same ones.
        limit: Read no more than this many rows; none: all of them.
    """

    def __init__(
        self,
        path: Path,
        label: str = "label",
        text: str = "text",
        second: str | None = None,
        separator: Literal["auto", "tab", "comma"] = "auto",
        header: list[str] | None = None,
        encoding: str = "utf-8",
        part: Literal["all", "train", "valid", "test"] = "all",
        limit: Count | None = None,
    ):
        self.path = path
        self.label = label
        self.text = text
        self.second = second
        self.separator = separator
        self.header = header
        self.encoding = encoding
        self.part = part
        self.limit = limit

    def read(self, root=None):
        """Return `Labelled`.

        Args:
            root: Folder that a relative path starts from; by default the working directory.

        Raises:
            DataError: The file is missing, unreadable or empty, has no column of such a name, or a
                row has another number of cells than there are columns.
        """
        path = locate(self.path, root)
        return gather(self._rows(path), path, self.second is not None, self.part, self.limit)

    def _rows(self, path):
        names = self.header
        wanted = [name for name in (self.label, self.text, self.second) if name is not None]
        for number, cells in self._cells(path):
            if names is None:
                names = cells
                continue
            chosen = [_column(name, names, path) for name in wanted]
            if len(cells) != len(names):
                raise DataError(
                    f"{path}:{number} has {len(cells)} cells, but there are {len(names)} columns: {', '.join(names)}."
                )
            yield f"{path}:{number}", *(cells[column] for column in chosen)

    def _cells(self, path):
        """Yield the number of each row's last line, and its cells."""
        if self._separated_by_commas(path):
            # The module joins a quoted cell from several lines, and wants their ends.
            reader = csv.reader((f"{line}\n" for line in lines(path, self.encoding)), strict=True)
            try:
                yield from ((reader.line_num, cells) for cells in reader if cells)
            except csv.Error as error:
                raise DataError(f"{path}:{reader.line_num} is not CSV: {error}.") from None
            return
        for number, line in enumerate(lines(path, self.encoding), start=1):
            if line.strip():
                yield number, line.split("\t")

    def _separated_by_commas(self, path):
        if self.separator == "auto":
            return path.name.removesuffix(".gz").endswith(".csv")
        return self.separator == "comma"


def _column(name, names, path):
    if name not in names:
        raise DataError(
            f"{path} has no column `{name}`.{did_you_mean(name, names)} It has: {', '.join(names)}; if its "
            "first row does not name the columns, give them as `header`."
        )
    return names.index(name)
