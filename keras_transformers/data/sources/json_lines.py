"""Files with a JSON object a line."""

import json
from typing import Literal

from ...errors import DataError, did_you_mean
from ...signature import Count, Path
from .source import gather
from .text_files import lines, locate
from .unicode import unicode_text


class JsonLines:
    """Texts and labels from a file with a JSON object a line.

    Registered as `source/json_lines`.

    The file is UTF-8, plain or compressed (`.gz`). Empty lines are passed over. A label may be text,
    a number, or true or false.

    Args:
        path: The file.
        label: Key of the label.
        text: Key of the text.
        second: Key of the second text, for pairs; none: single texts.
        part: `all`, or one part of a file that has no parts of its own: about 5% of the texts are
            `valid`, 5% `test`, the rest `train`, always the same ones.
        limit: Read no more than this many lines; none: all of them.
    """

    def __init__(
        self,
        path: Path,
        label: str = "label",
        text: str = "text",
        second: str | None = None,
        part: Literal["all", "train", "valid", "test"] = "all",
        limit: Count | None = None,
    ):
        self.path = path
        self.label = label
        self.text = text
        self.second = second
        self.part = part
        self.limit = limit

    def read(self, root=None):
        """Return `Labelled`.

        Args:
            root: Folder that a relative path starts from; by default the working directory.

        Raises:
            DataError: The file is missing, unreadable or empty, or a line is not an object with
                these keys.
        """
        path = locate(self.path, root)
        return gather(self._rows(path), path, self.second is not None, self.part, self.limit)

    def _rows(self, path):
        texts = [key for key in (self.text, self.second) if key is not None]
        for number, line in enumerate(lines(path), start=1):
            if not line.strip():
                continue
            place = f"{path}:{number}"
            row = _object(line, place)
            label = _value(row, self.label, (str, int, float, bool), "text, a number, or true or false", place)
            label = label if isinstance(label, str) else json.dumps(label)
            yield place, label, *(_value(row, key, str, "text", place) for key in texts)


def _object(line, place):
    try:
        row = json.loads(line)
    except ValueError as error:
        raise DataError(f"{place} is not JSON: {error}.") from None
    except RecursionError:
        raise DataError(f"{place} must be a JSON object, but is nested too deeply to be read.") from None
    if not isinstance(row, dict):
        raise DataError(f"{place} must be a JSON object, but is {line.strip()[:40]}.")
    return row


def _value(row, key, kinds, wanted, place):
    if key not in row:
        raise DataError(f"{place} has no `{key}`.{did_you_mean(key, row)} It has: {', '.join(row)}.")
    if not isinstance(row[key], kinds):
        raise DataError(f"{place}: `{key}` must be {wanted}, but is {json.dumps(row[key], ensure_ascii=False)}.")
    return unicode_text(row[key], f"{place}: `{key}`")
