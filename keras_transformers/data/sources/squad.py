"""SQuAD files: JSON of articles, their paragraphs, and questions about each."""

import json
from dataclasses import dataclass
from typing import Literal

from ...errors import DataError
from ...signature import Count, Path
from ..examples import Answer, Questions
from .split import part_of
from .text_files import lines, locate
from .unicode import unicode_text


class Squad:
    """Questions about texts, from a SQuAD file, version 1.1 or 2.0.

    Registered as `source/squad`.

    Reference: Rajpurkar et al. 2018, https://arxiv.org/abs/1806.03822

    Args:
        path: JSON file, plain or compressed (`.gz`).
        part: `all`, or one part of a set that has no parts of its own: about 5% of the contexts are
            `valid`, 5% `test`, the rest `train`, always the same ones.
        limit: Read no more than this many questions; none: all of them.
    """

    def __init__(
        self,
        path: Path,
        part: Literal["all", "train", "valid", "test"] = "all",
        limit: Count | None = None,
    ):
        self.path = path
        self.part = part
        self.limit = limit

    def read(self, root=None):
        """Return the questions as `Questions`.

        Args:
            root: Folder that relative paths start from; by default the working directory.

        Raises:
            DataError: The file is missing or unreadable, is not SQuAD's JSON, or holds no question.
        """
        path = locate(self.path, root)
        rows = []
        for context, question in _questions(path):
            if self.part in ("all", part_of(context)) and len(rows) != self.limit:
                rows.append((*question, context))
        if not rows:
            where = "" if self.part == "all" else f" in its part `{self.part}`"
            raise DataError(f"{path} holds no question{where}.")
        ids, questions, answers, contexts = (list(column) for column in zip(*rows))
        return Questions(ids, questions, contexts, answers, _notes(ids, answers, path))


def _questions(path):
    """Yield `(context, (id, question, answers))` of each question in the file."""
    for article in _parse(path).each("data"):
        for paragraph in article.each("paragraphs"):
            context = paragraph.get("context", str)
            for question in paragraph.each("qas"):
                answers = [_answer(answer, context) for answer in question.each("answers")]
                yield context, (question.get("id", str), question.get("question", str), answers)


def _answer(node, context):
    text, start = node.get("text", str), node.get("answer_start", int)
    there = start >= 0 and context.startswith(text, start) and text.strip()
    return Answer(text, start if there else None)


def _parse(path):
    text = "\n".join(lines(path))
    try:
        return _Node(json.loads(text), "", path)
    except json.JSONDecodeError as error:
        raise DataError(f"{path}:{error.lineno}:{error.colno} is not JSON: {error.msg}.") from None
    except RecursionError:
        raise DataError(f"{path} is not SQuAD's JSON: it is nested too deeply.") from None


@dataclass(frozen=True)
class _Node:
    """A value of the file, which knows where in it it stands, such as `data[0].paragraphs[2]`."""

    value: object
    key: str
    path: object

    def get(self, name, kind):
        """Return what stands under `name`, which must be of the type `kind`."""
        key = f"{self.key}.{name}" if self.key else name
        if not isinstance(self.value, dict):
            what = f"`{self.key}`" if self.key else "the whole"
            raise DataError(f"{self.path}: {what} must be a map with `{name}`, but is {_shown(self.value)}.")
        if name not in self.value:
            raise DataError(f"{self.path}: `{key}` must be {_KINDS[kind]}, but is missing.")
        value = self.value[name]
        if not isinstance(value, kind) or isinstance(value, bool):
            raise DataError(f"{self.path}: `{key}` must be {_KINDS[kind]}, but is {_shown(value)}.")
        return unicode_text(value, f"{self.path}: `{key}`")

    def each(self, name):
        """Yield the items of the list that stands under `name`."""
        for number, item in enumerate(self.get(name, list)):
            yield _Node(item, f"{self.key}.{name}[{number}]".lstrip("."), self.path)


_KINDS = {str: "a string", int: "an integer", list: "a list"}


def _shown(value):
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _notes(ids, answers, path):
    lost = [(name, one.text) for name, found in zip(ids, answers) for one in found if one.start is None]
    if not lost:
        return []
    name, text = lost[0]
    total = sum(len(found) for found in answers)
    return [
        f"{path}: {len(lost)} of {total} answers are not in their context at `answer_start`, first "
        f"`{text}` of question {name}; they are not trained on, but count as right when scored."
    ]
