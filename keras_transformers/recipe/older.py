"""Upgrades resolved recipes that earlier versions wrote."""

from typing import Any

from .document import Node

NEEDS_MEMORY = "transformer"


def renewed(root: Node) -> Node:
    """Return the root `Node` of a recipe as today's version would have written it.

    Written out in full, as in a run, a decoder block that left `cross_attention` to its default said null, which now
    means that there is none. An encoder-decoder cannot do without, so there it can only be such a default.
    """
    if not (root.is_map and _text(root, "type") == "recipe" and _text(_child(root, "model"), "type") == NEEDS_MEMORY):
        return root
    return _without_null(root, ("model", "decoder", "block", "cross_attention"))


def _without_null(node: Node, path: tuple[str, ...]) -> Node:
    """Return `node` without the value at `path`, if that is null."""
    name, rest = path[0], path[1:]
    child = _child(node, name)
    if child is None:
        return node
    value, keys = dict(node.value), dict(node.keys)
    if rest:
        value[name] = _without_null(child, rest)
    elif child.value is None:
        del value[name], keys[name]
    return Node(value, node.place, keys)


def _child(node: Node | None, name: str) -> Node | None:
    return node.value.get(name) if node is not None and node.is_map else None


def _text(node: Node | None, name: str) -> Any:
    child = _child(node, name)
    return None if child is None else child.value
