"""Merges a child recipe over its parent.

Maps merge key by key; lists and scalars replace. `null` takes the parent's value away. Where the
child changes a component's `type`, the parent's parameters of that component are dropped. A bare
string stands for a map with that `type` wherever the other side is a map.
"""

from .document import Node


def merge(parent: Node, child: Node) -> Node:
    """Return `parent` as changed by `child`, both `Node`s; neither is modified.

    A `null` of the child stays in the result, where it means the parameter's default (or null
    where the parameter allows it): nothing of the parent's value is left below it.
    """
    parent, child = _as_maps(parent, child)
    if not (parent.is_map and child.is_map):
        return child
    if _changes_type(parent, child):
        return child
    value, keys = dict(parent.value), dict(parent.keys)
    for key, node in child.value.items():
        value[key] = merge(value[key], node) if key in value else node
        keys[key] = child.keys[key]
    return Node(value, child.place, keys)


def _as_maps(parent: Node, child: Node) -> tuple[Node, Node]:
    if parent.is_map and isinstance(child.value, str):
        return parent, _typed(child)
    if child.is_map and isinstance(parent.value, str):
        return _typed(parent), child
    return parent, child


def _typed(node: Node) -> Node:
    return Node({"type": node}, node.place, {"type": node.place})


def _changes_type(parent: Node, child: Node) -> bool:
    if "type" not in child.value:
        return False
    before = parent.value["type"].value if "type" in parent.value else None
    return bool(child.value["type"].value != before)
