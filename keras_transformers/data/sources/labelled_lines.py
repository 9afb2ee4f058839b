"""Text files whose lines begin with their label: `LABEL TEXT`."""

import re
from collections.abc import Iterator
from typing import Any

from ...errors import DataError
from ...signature import Path, register
from ..examples import Labelled, LabelledText, Tally
from .source import FileSource
from .text_files import TextFile

# No other white space separates: a label may hold a no-break space.
_LABEL_AND_TEXT = re.compile(r"[ \t]*([^ \t]+)(?:[ \t]+(.*))?", re.DOTALL)


@register("source", "labelled_lines")
class LabelledLines(FileSource):
    """Texts from a file with a line for each: the label, a space or tab, the text.

    The file is plain or compressed (`.gz`). Empty lines are passed over.

    Args:
        path: The file.
    """

    gives = Labelled
    facts = {"holds": "single texts"}

    def __init__(self, path: Path, **kwargs: Any) -> None:
        super().__init__([path], **kwargs)
        self.path = path

    def examples(self, files: list[TextFile], tally: Tally) -> Iterator[LabelledText]:
        for place, line in files[0].placed():
            found = _LABEL_AND_TEXT.fullmatch(line)
            label, text = ("", "") if found is None else found.groups(default="")
            if not text.strip():
                raise DataError(f"{place} must hold a label and a text, but holds `{label}` alone.")
            yield LabelledText(place, label, text.strip())
