"""SQuAD files: JSON of articles, their paragraphs, and questions about each."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ...errors import DataError
from ...signature import Path, register
from ..examples import Answer, Question, Questions, Tally
from .source import FileSource
from .text_files import TextFile
from .unicode import unicode_text


@register("source", "squad")
class Squad(FileSource):
    """Questions about texts, from a SQuAD file, version 1.1 or 2.0.

    A question has no answer if it `is_impossible`, whatever stands in `answers`; if `answers` is null or empty; or
    if all its answers are "". The `id` may be text or an integer; without one, a question is called by its place.

    Reference: Rajpurkar et al. 2018, https://arxiv.org/abs/1806.03822

    Args:
        path: JSON file, plain or compressed (`.gz`).
    """

    gives = Questions

    def __init__(self, path: Path, **kwargs: Any) -> None:
        super().__init__([path], **kwargs)
        self.path = path

    def examples(self, files: list[TextFile], tally: Tally) -> Iterator[Question]:
        for article in _parse(files[0]).items("data"):
            for paragraph in article.items("paragraphs"):
                context = paragraph.text("context")
                for node in paragraph.items("qas"):
                    question, answers = node.text("question"), _answers(node, context, tally)
                    yield Question(node.place, _identifier(node), question, context, answers)


def _parse(file: TextFile) -> "_Node":
    try:
        return _Node(json.loads("\n".join(file.lines())), "", file)
    except json.JSONDecodeError as error:
        raise DataError(f"{file}:{error.lineno}:{error.colno} is not JSON: {error.msg}.") from None
    except ValueError as error:  # a number of more digits than Python reads
        raise DataError(f"{file} is not JSON: {error}.") from None
    except RecursionError:
        raise DataError(f"{file} is not SQuAD's JSON: it is nested too deeply.") from None


def _identifier(node: "_Node") -> str:
    value = node.value.get("id")
    if value is None:
        return node.key
    if _is_integer(value):
        return str(int(value))
    if not isinstance(value, str):
        raise node.wrong("id", "a string or an integer", value)
    return node.text("id")


def _answers(node: "_Node", context: str, tally: Tally) -> list[Answer]:
    """Return the list of `Answer` of a question."""
    impossible = node.value.get("is_impossible")
    if impossible not in (None, False, True, 0, 1):
        raise node.wrong("is_impossible", "true or false", impossible)
    given = node.value.get("answers")
    if given is None and (impossible or "answers" in node.value):
        return []
    filled = [answer for answer in node.items("answers") if answer.text("text", null="").strip()]
    if impossible:
        if filled:
            tally.add("question", "marked `is_impossible`, whose answers are left out", node.place)
        return []
    return [_answer(answer, context, tally) for answer in filled]


def _answer(node: "_Node", context: str, tally: Tally) -> Answer:
    text, start = node.text("text"), node.get("answer_start")
    if start is not None and not _is_integer(start):
        raise node.wrong("answer_start", "an integer", start)
    if start is not None and start >= 0 and context.startswith(text, int(start)):
        return Answer(text, int(start))
    tally.add(
        "answer",
        "not in the context at `answer_start`, so not trained on, but right when scored",
        f"{node.place}, `{text}`",
    )
    return Answer(text, None)


def _is_integer(value: Any) -> bool:
    """Tell whether a value of JSON is an integer, which some tools write as 13.0."""
    return (isinstance(value, int) and not isinstance(value, bool)) or (isinstance(value, float) and value.is_integer())


@dataclass(frozen=True)
class _Node:
    """A value of the file, which knows where in it it stands, such as `data[0].paragraphs[2]`."""

    value: Any
    key: str
    file: object

    @property
    def place(self) -> str:
        return f"{self.file}: {self.key}"

    def get(self, name: str, wanted: str = "an integer") -> Any:
        """Return what stands under `name`; `wanted` says what it must be."""
        if not isinstance(self.value, dict):
            what = f"`{self.key}`" if self.key else "the whole"
            raise DataError(f"{self.file}: {what} must be a map with `{name}`, but is {_shown(self.value)}.")
        if name not in self.value:
            raise DataError(f"{self.file}: `{self._key_of(name)}` must be {wanted}, but is missing.")
        return self.value[name]

    def text(self, name: str, null: str | None = None) -> str:
        """Return the string that stands under `name`, or `null` where that is null."""
        value = self.get(name, "a string")
        value = null if value is None else value
        if not isinstance(value, str):
            raise self.wrong(name, "a string", value)
        return unicode_text(value, f"{self.file}: `{self._key_of(name)}`")

    def items(self, name: str) -> Iterator["_Node"]:
        """Yield the items of the list that stands under `name`."""
        value = self.get(name, "a list")
        if not isinstance(value, list):
            raise self.wrong(name, "a list", value)
        for number, item in enumerate(value):
            yield _Node(item, f"{self._key_of(name)}[{number}]", self.file)

    def wrong(self, name: str, wanted: str, value: Any) -> DataError:
        """Return the error that says what must stand under `name`."""
        return DataError(f"{self.file}: `{self._key_of(name)}` must be {wanted}, but is {_shown(value)}.")

    def _key_of(self, name: str) -> str:
        return f"{self.key}.{name}" if self.key else name


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."
