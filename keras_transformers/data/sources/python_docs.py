"""The built-in corpus: the documentation that every Python carries.

Its texts are pydoc's topics, which are chapters of the language reference, and the docstrings of
the standard library. Nothing is imported: docstrings are parsed from the source.
"""

import ast
import re
import sysconfig
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from ...errors import DataError
from ...signature import Count, register
from ..examples import Documents
from .document_files import split_sentences
from .source import Source
from .split import Part, part_of

# Tests; code of other people; generated tables; a poem.
_LEFT_OUT = {"__pycache__", "dist-packages", "ensurepip", "idlelib", "lib2to3", "site-packages", "test", "tests"}
_LEFT_OUT |= {"encodings", "this.py", "turtledemo"}
_LETTERS = re.compile(r"[^\W\d_]{2}")
_DEFINITIONS = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@register("source", "python_docs")
class PythonDocs(Source):
    """The documentation of this Python's own language and standard library.

    A document is one topic of `pydoc`, such as the section on binary operators, or one module's
    docstrings in their order. A paragraph that occurs twice is kept once. About 5% of the documents
    are `valid`, 5% `test`, always the same ones for the same release of Python.

    Args:
        part: Which documents.
        limit: Read no more than this many documents; none: all of them.
    """

    gives = Documents

    def __init__(self, part: Part = "all", limit: Count | None = None) -> None:
        self.part = part
        self.limit = limit

    def read(self, root: str | None = None) -> Documents:
        """Return the `Documents`.

        Args:
            root: Has no meaning here; there are no files to find.

        Raises:
            DataError: This Python comes without its source and topics.
        """
        chosen = [sentences for name, sentences in corpus() if self.part in ("all", part_of(name))]
        if not chosen:
            raise DataError(
                f"This Python carries no documentation: {_library()} holds no source with docstrings; "
                "set another source, such as `documents`, with --set data.train.type=documents."
            )
        return Documents(chosen[: self.limit])


@cache
def corpus() -> tuple[tuple[str, list[str]], ...]:
    """Return a tuple of (name, sentences) for each document."""
    seen: set[str] = set()
    documents = []
    for name, texts in [*_topics(), *_modules()]:
        sentences = [sentence for text in texts for sentence in _sentences(text, seen)]
        if len(sentences) > 1:
            documents.append((name, sentences))
    return tuple(documents)


@cache
def docstrings() -> tuple[tuple[str, list[str]], ...]:
    """Return a tuple of (dotted name, list of docstrings) for each module of the standard library."""
    library = _library()
    paths = ((path, path.relative_to(library)) for path in sorted(library.rglob("*.py")))
    return tuple(
        (".".join(inside.with_suffix("").parts).removesuffix(".__init__"), _docstrings_of(path))
        for path, inside in paths
        if _LEFT_OUT.isdisjoint(inside.parts)
    )


def _library() -> Path:
    return Path(sysconfig.get_path("stdlib"))


def _topics() -> Iterator[tuple[str, list[str]]]:
    try:
        from pydoc_data.topics import topics
    except ImportError:  # some distributions ship it apart
        return
    for name in sorted(topics):
        yield f"topic {name}", [topics[name]]


def _modules() -> Iterator[tuple[str, list[str]]]:
    for name, texts in docstrings():
        yield f"module {name}", texts


def _docstrings_of(path: Path) -> list[str]:
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):  # some files are templates, not Python
        return []
    nodes = [node for node in ast.walk(tree) if isinstance(node, _DEFINITIONS)]
    nodes.sort(key=lambda node: getattr(node, "lineno", 0))
    return [text for node in nodes if (text := ast.get_docstring(node))]


def _sentences(text: str, seen: set[str]) -> list[str]:
    """Return the sentences of a text, without the paragraphs that are in `seen` or hold no word."""
    found = []
    for paragraph in re.split(r"\n\s*\n", text):
        plain = " ".join(line.strip() for line in paragraph.splitlines() if _LETTERS.search(line))
        if plain and plain not in seen:
            seen.add(plain)
            found += split_sentences(plain)
    return found
