"""Parses overrides, `--set a.b.c=VALUE`, where VALUE is YAML."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import Problem
from .document import Node, found, from_value, parse
from .problem import Place, problem

Overrides = str | Iterable[str] | Mapping[str, Any]
"""`"a.b=VALUE"` texts, or a mapping whose keys may be dotted."""


def read_overrides(overrides: Overrides) -> tuple[list[Node], list[Problem]]:
    """Read overrides into nodes that `merge` lays over a recipe, one after the other.

    Args:
        overrides: `"a.b=VALUE"` texts, or a mapping whose keys may be dotted (`{"model.dim": 7}`).

    Returns:
        A list of map `Node`s and a list of problems.
    """
    if isinstance(overrides, str):
        overrides = [overrides]
    if isinstance(overrides, Mapping):
        pairs = [_from_pair(key, value) for key, value in overrides.items()]
    else:
        pairs = [_from_text(text) for text in overrides]
    nodes = [node for node, _ in pairs if node is not None]
    return nodes, [problem for _, problems in pairs for problem in problems]


def texts(overrides: Overrides) -> list[str]:
    """Return overrides of either kind as a list of `"a.b=VALUE"`."""
    if isinstance(overrides, str):
        return [overrides]
    if isinstance(overrides, Mapping):
        return [f"{key}={json.dumps(value, default=str)}" for key, value in overrides.items()]
    return list(overrides)


def _from_text(text: str) -> tuple[Node | None, list[Problem]]:
    place = Place(f"--set {text}")
    key, equals, value = str(text).partition("=")
    if not equals or not key.strip():
        return None, [problem(place, "", "expected KEY=VALUE, such as model.dim=256.")]
    node, problems = parse(value, place.file, place)
    return _nest(key.strip(), node, place, problems)


def _from_pair(key: str, value: Any) -> tuple[Node | None, list[Problem]]:
    shown = value if isinstance(value, str) else found(value)
    place = Place(f"--set {key}={shown}")
    return _nest(str(key), from_value(value, place), place, [])


def _nest(key: str, node: Node | None, place: Place, problems: list[Problem]) -> tuple[Node | None, list[Problem]]:
    parts = key.split(".")
    if "" in parts:
        return None, [problem(place, key, "a key path must not have empty parts.")]
    if problems:
        return None, problems
    for part in reversed(parts):
        node = Node({part: node}, place, {part: place})
    return node, []
