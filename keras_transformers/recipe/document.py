"""Parses YAML into nodes that keep their file, line and column.

The scalars are those of YAML 1.2 (see `yaml12`). Tags that would build Python objects are problems.
"""

import math
from dataclasses import dataclass, field
from os import PathLike, fspath
from typing import Any

import yaml

from .. import yaml12
from ..errors import Problem, RecipeError
from .problem import KeyPath, Place, problem

MAX_NODES = 100_000


@dataclass
class Node:
    """A value and its place.

    Args:
        value: A dict of nodes, a list of nodes, or a scalar.
        place: Where the value was written.
        keys: For a dict, where each key was written.
    """

    value: Any
    place: Place
    keys: dict[str, Place] = field(default_factory=dict)

    @property
    def is_map(self) -> bool:
        return isinstance(self.value, dict)

    def plain(self) -> Any:
        """Return the value as plain dicts, lists and scalars."""
        if self.is_map:
            return {key: child.plain() for key, child in self.value.items()}
        if isinstance(self.value, list):
            return [child.plain() for child in self.value]
        return self.value

    def strange(self) -> Any:
        """Return the first value in it that YAML cannot write, such as a set, or None."""
        if self.is_map or isinstance(self.value, list):
            children = self.value.values() if self.is_map else self.value
            return next((found for child in children if (found := child.strange()) is not None), None)
        return None if self.value is None or isinstance(self.value, (bool, int, float, str)) else self.value


def parse(text: str, file: str, place: Place | None = None) -> tuple[Node | None, list[Problem]]:
    """Read one YAML document.

    Args:
        text: The document.
        file: Name of the file in places.
        place: If given, the place of every node (for `--set`), instead of lines of `file`.

    Returns:
        The root `Node`, or None where nothing could be read, and a list of problems.
    """
    # A document without aliases has fewer values than characters.
    reader = _Reader(file, place, max(MAX_NODES, len(text)))
    try:
        root = yaml12.compose(text)
        if root is None:
            return Node(None, place or Place(file, 1, 1)), []
        return reader.read(root, ()), reader.problems
    except yaml.YAMLError as error:
        return None, reader.problems + [_syntax_problem(error, file, place)]
    except UnicodeEncodeError:  # the shell's bytes, in --set
        return None, [problem(place or Place(file, 1, 1), "", "must be UTF-8 text.")]
    except RecursionError:
        where = place or Place(file, 1, 1)
        return None, [problem(where, "", "the YAML is nested too deeply.")]
    except _TooLarge as error:
        message = f"the YAML expands to more than {reader.most:,} values; check its `*` aliases."
        return None, reader.problems + [problem(error.place, "", message)]


def from_value(value: Any, place: Place) -> Node:
    """Return the node of a Python value; tuples and arrays are lists, keys and paths become text.

    Raises:
        RecipeError: The value contains itself.
    """
    try:
        return _node(value, place)
    except RecursionError:
        raise RecipeError(problem(place, "", "the value is nested too deeply, or contains itself.")) from None


def _node(value: Any, place: Place) -> Node:
    if isinstance(value, Node):
        return value
    if hasattr(value, "items"):
        children = {
            _plain(key if isinstance(key, str) else str(key)): _node(child, place) for key, child in value.items()
        }
        return Node(children, place, dict.fromkeys(children, place))
    if hasattr(value, "tolist"):  # of NumPy
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return Node([_node(child, place) for child in value], place)
    return Node(_plain(value), place)


def _plain(value: Any) -> Any:
    """Return a number or text without its own class, such as an enum's, which YAML could not write."""
    if isinstance(value, PathLike):
        return fspath(value)
    if value is None or isinstance(value, bool):
        return value
    for plain in (int, float):
        if isinstance(value, plain):
            return plain(value)
    return str.__str__(value) if isinstance(value, str) else value


class _TooLarge(Exception):
    def __init__(self, place: Place) -> None:
        super().__init__(place)
        self.place = place


class _Reader:
    """Turns the parser's nodes into ours and collects problems."""

    def __init__(self, file: str, place: Place | None, most: int) -> None:
        self.file = file
        self.fixed = place
        self.most = most
        self.problems: list[Problem] = []
        self.count = 0
        self.open: set[int] = set()

    def place(self, node: Any) -> Place:
        mark = node.start_mark
        return self.fixed or Place(self.file, mark.line + 1, mark.column + 1)

    def read(self, node: Any, path: KeyPath) -> Node:
        place = self.place(node)
        self.count += 1
        if self.count > self.most:
            raise _TooLarge(place)
        if id(node) in self.open:
            self.problems.append(problem(place, path, "an alias must not contain itself."))
            return Node(None, place)
        self.open.add(id(node))
        try:
            if isinstance(node, yaml.MappingNode):
                return self.read_map(node, place, path)
            if isinstance(node, yaml.SequenceNode):
                items = [self.read(item, (*path, i)) for i, item in enumerate(node.value)]
                return Node(items, place)
            return Node(self.read_scalar(node, place, path), place)
        finally:
            self.open.discard(id(node))

    def read_map(self, node: Any, place: Place, path: KeyPath) -> Node:
        result = Node({}, place)
        inherited = []
        for key_node, value_node in node.value:
            at = self.place(key_node)
            if key_node.tag == f"{yaml12.TAG}merge":
                inherited.append(self.read(value_node, (*path, "<<")))
                continue
            if not isinstance(key_node, yaml.ScalarNode):
                self.problems.append(problem(at, path, "a key must be text."))
                continue
            key = key_node.value
            if key in result.value:
                first = result.keys[key]
                where = f"on line {first.line}" if first.line else "already"
                message = f"duplicate key; `{key}` is {where} too, keep one of them."
                self.problems.append(problem(at, (*path, key), message))
                continue
            result.value[key] = self.read(value_node, (*path, key))
            result.keys[key] = at
        self.add_inherited(result, inherited, path)
        return result

    def add_inherited(self, result: Node, inherited: list[Node], path: KeyPath) -> None:
        """Fill in what YAML's `<<` key brings: keys that the map does not have itself."""
        for source in inherited:
            for item in source.value if isinstance(source.value, list) else [source]:
                if not item.is_map:
                    message = f"`<<` takes a map, found {found(item.value)}."
                    self.problems.append(problem(item.place, path, message))
                    continue
                for key, child in item.value.items():
                    if key not in result.value:
                        result.value[key], result.keys[key] = child, item.keys[key]

    def read_scalar(self, node: Any, place: Place, path: KeyPath) -> Any:
        kind = node.tag.removeprefix(yaml12.TAG)
        text = node.value
        try:
            if kind in ("null", "bool", "int", "float"):
                return yaml12.scalar(kind, text)
        except ValueError:
            self.problems.append(problem(place, path, f'"{text}" is not a number.'))
            return None
        if kind not in ("str", "merge"):
            message = f"the tag `{node.tag}` is not allowed in a recipe."
            self.problems.append(problem(place, path, message))
            return None
        return text


def _syntax_problem(error: yaml.YAMLError, file: str, place: Place | None) -> Problem:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if place is None:
        place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file, 1, 1)
    what = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    context = getattr(error, "context", None)
    return problem(place, "", f"not valid YAML: {what}{f' {context}' if context else ''}.")


def found(value: Any) -> str:
    """Return how messages show a value that was found."""
    if isinstance(value, dict):
        return "a map"
    if isinstance(value, (list, tuple)):
        return "a list"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        text = value if len(value) <= 60 else value[:57] + "..."
        return '"' + text.replace("\n", "\\n") + '"'
    if isinstance(value, float) and not math.isfinite(value):
        return "." + str(value) if value != -math.inf else "-.inf"
    if isinstance(value, (int, float)):
        return repr(value)
    return f"a {type(value).__name__}"
