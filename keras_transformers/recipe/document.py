"""YAML read into nodes that remember where they were written.

The scalars are those of YAML 1.2: only `true` and `false` are booleans (so that `no` is Norwegian),
`1e-4` is a number, and dates are text. Tags that would build Python objects are problems.
"""

import math
import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from .problem import Place, problem

MAX_NODES = 100_000
_BASE = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CORE = {
    "null": (r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    "bool": (r"^(?:true|True|TRUE|false|False|FALSE)$", list("tTfF")),
    "int": (r"^(?:[-+]?[0-9][0-9_]*|0x[0-9a-fA-F]+)$", list("-+0123456789")),
    "float": (
        r"^(?:[-+]?(?:\.[0-9]+|[0-9][0-9_]*(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
        r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$",
        list("-+.0123456789"),
    ),
    "merge": (r"^(?:<<)$", ["<"]),
}


class _Loader(_BASE):
    """The safe loader with YAML 1.2's core scalars."""

    yaml_implicit_resolvers = {}


for _name, (_pattern, _first) in _CORE.items():
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_name}", re.compile(_pattern), _first)


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
    def is_map(self):
        return isinstance(self.value, dict)

    def plain(self):
        """Return the value as plain dicts, lists and scalars."""
        if self.is_map:
            return {key: child.plain() for key, child in self.value.items()}
        if isinstance(self.value, list):
            return [child.plain() for child in self.value]
        return self.value


def parse(text, file, place=None):
    """Read one YAML document.

    Args:
        text: The document.
        file: Name of the file in places.
        place: If given, the place of every node (for `--set`), instead of lines of `file`.

    Returns:
        The root `Node`, or None where nothing could be read, and a list of problems.
    """
    reader = _Reader(file, place)
    try:
        loader = _Loader(text)
        try:
            root = loader.get_single_node()
            if root is None:
                return Node(None, place or Place(file, 1, 1)), []
            return reader.read(root, ()), reader.problems
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        return None, reader.problems + [_syntax_problem(error, file, place)]
    except UnicodeEncodeError:  # the shell's bytes, in --set
        return None, [problem(place or Place(file, 1, 1), "", "must be UTF-8 text.")]
    except RecursionError:
        where = place or Place(file, 1, 1)
        return None, [problem(where, "", "the YAML is nested too deeply.")]
    except _TooLarge as error:
        message = f"the YAML expands to more than {MAX_NODES:,} values; check its `*` aliases."
        return None, reader.problems + [problem(error.place, "", message)]


def from_value(value, place):
    """Return the node of a plain Python value; tuples are lists, keys become text."""
    if isinstance(value, Node):
        return value
    if hasattr(value, "items"):
        children = {str(key): from_value(child, place) for key, child in value.items()}
        return Node(children, place, dict.fromkeys(children, place))
    if isinstance(value, (list, tuple)):
        return Node([from_value(child, place) for child in value], place)
    return Node(value, place)


class _TooLarge(Exception):
    def __init__(self, place):
        super().__init__(place)
        self.place = place


class _Reader:
    """Turns the parser's nodes into ours and collects problems."""

    def __init__(self, file, place):
        self.file = file
        self.fixed = place
        self.problems = []
        self.count = 0
        self.open = set()

    def place(self, node):
        mark = node.start_mark
        return self.fixed or Place(self.file, mark.line + 1, mark.column + 1)

    def read(self, node, path):
        place = self.place(node)
        self.count += 1
        if self.count > MAX_NODES:
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

    def read_map(self, node, place, path):
        result = Node({}, place)
        inherited = []
        for key_node, value_node in node.value:
            at = self.place(key_node)
            if key_node.tag == "tag:yaml.org,2002:merge":
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

    def add_inherited(self, result, inherited, path):
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

    def read_scalar(self, node, place, path):
        kind = node.tag.removeprefix("tag:yaml.org,2002:")
        text = node.value
        try:
            if kind == "null":
                return None
            if kind == "bool":
                return text.lower() == "true"
            if kind == "int":
                return int(text.replace("_", ""), 16 if text.startswith("0x") else 10)
            if kind == "float":
                return float(re.sub(r"^([-+]?)\.(inf|nan)$", r"\1\2", text.lower()).replace("_", ""))
        except ValueError:
            self.problems.append(problem(place, path, f'"{text}" is not a number.'))
            return None
        if kind not in ("str", "merge"):
            message = f"the tag `{node.tag}` is not allowed in a recipe."
            self.problems.append(problem(place, path, message))
            return None
        return text


def _syntax_problem(error, file, place):
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if place is None:
        place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file, 1, 1)
    what = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    context = getattr(error, "context", None)
    return problem(place, "", f"not valid YAML: {what}{f' {context}' if context else ''}.")


def found(value):
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
