"""Text files whose lines begin with their label: `LABEL TEXT`."""

from typing import Literal

from ...errors import DataError
from ...signature import Count, Path
from .source import gather
from .text_files import lines, locate


class LabelledLines:
    """Texts from a file with a line for each: the label, a space or tab, the text.

    Registered as `source/labelled_lines`.

    The file is plain or compressed (`.gz`). Empty lines are passed over.

    Args:
        path: The file.
        encoding: How the file's characters are written, such as `latin-1`.
        part: `all`, or one part of a file that has no parts of its own: about 5% of the texts are
            `valid`, 5% `test`, the rest `train`, always the same ones.
        limit: Read no more than this many texts; none: all of them.
    """

    def __init__(
        self,
        path: Path,
        encoding: str = "utf-8",
        part: Literal["all", "train", "valid", "test"] = "all",
        limit: Count | None = None,
    ):
        self.path = path
        self.encoding = encoding
        self.part = part
        self.limit = limit

    def read(self, root=None):
        """Return `Labelled`.

        Args:
            root: Folder that a relative path starts from; by default the working directory.

        Raises:
            DataError: The file is missing, unreadable or empty, or a line has no text.
        """
        path = locate(self.path, root)
        return gather(self._rows(path), path, part=self.part, limit=self.limit)

    def _rows(self, path):
        for number, line in enumerate(lines(path, self.encoding), start=1):
            if not line.strip():
                continue
            label, *text = line.split(maxsplit=1)
            if not text:
                raise DataError(f"{path}:{number} must hold a label and a text, but holds `{label}` alone.")
            yield f"{path}:{number}", label, text[0].strip()
