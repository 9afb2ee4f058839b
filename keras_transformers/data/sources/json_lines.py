"""Files with a JSON object a line."""

import json
import math
from collections.abc import Iterator
from typing import Any

from ...errors import DataError, did_you_mean
from ...signature import Path, register
from ..examples import Labelled, LabelledText, Tally
from .source import FileSource
from .text_files import TextFile
from .unicode import unicode_text


@register("source", "json_lines")
class JsonLines(FileSource):
    """Texts and labels from a file with a JSON object a line.

    The file is plain or compressed (`.gz`). Empty lines are passed over, rows with an empty text or
    null for it are dropped. A label may be text, a number, or true or false.

    Args:
        path: The file.
        label: Key of the label.
        text: Key of the text.
        second: Key of the second text, for pairs; none: single texts.
    """

    gives = Labelled

    def __init__(
        self, path: Path, label: str = "label", text: str = "text", second: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__([path], **kwargs)
        self.path = path
        self.label = label
        self.text = text
        self.second = second

    def examples(self, files: list[TextFile], tally: Tally) -> Iterator[LabelledText]:
        keys = [key for key in (self.text, self.second) if key is not None]
        for place, line in files[0].placed():
            row = _object(line, place)
            texts = [_text(row, key, place) for key in keys]
            example = LabelledText(place, "", *texts)
            # A row that is dropped needs no label.
            yield example if example.blank else example._replace(label=_label(row, self.label, place))


def _object(line: str, place: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise DataError(f"{place} is not JSON: {error}.") from None
    except RecursionError:
        raise DataError(f"{place} must be a JSON object, but is nested too deeply to be read.") from None
    if not isinstance(row, dict):
        raise DataError(f"{place} must be a JSON object, but is {line.strip()[:40]}.")
    return row


def _text(row: Any, key: str, place: str) -> str:
    value = _value(row, key, place)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise DataError(f"{place}: `{key}` must be text, but is {json.dumps(value, ensure_ascii=False)}.")
    return unicode_text(value, f"{place}: `{key}`")


def _label(row: Any, key: str, place: str) -> str:
    value = _value(row, key, place)
    if isinstance(value, str):
        return unicode_text(value, f"{place}: `{key}`")
    if not isinstance(value, (int, float)) or (isinstance(value, float) and not math.isfinite(value)):
        shown = json.dumps(value, ensure_ascii=False)
        raise DataError(f"{place}: `{key}` must be text, a number, or true or false, but is {shown}.")
    return json.dumps(value)


def _value(row: Any, key: str, place: str) -> Any:
    if key not in row:
        raise DataError(f"{place} has no `{key}`.{did_you_mean(key, row)} It has: {', '.join(row)}.")
    return row[key]
