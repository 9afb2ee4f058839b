"""The data files that a recipe names, and where their relative paths start."""

import os
from collections.abc import Iterator, Mapping
from typing import Any

from .parts import Parts
from .problem import KeyPath


def paths(tree: Mapping[str, Any], section: str = "data") -> Iterator[tuple[KeyPath, str]]:
    """Yield the key path and the value of each file or folder that a component of a section reads."""
    for part in Parts(tree):
        for name, parameter in part.component.parameters.items():
            value, path = part.spec.get(name), (*part.path, name)
            if path[0] != section or path == ("data", "root"):
                continue
            if parameter.type == "path" and isinstance(value, str):
                yield path, value
            elif parameter.items is not None and parameter.items.type == "path" and isinstance(value, list):
                yield from (((*path, index), item) for index, item in enumerate(value))


def is_relative(path: str) -> bool:
    """Tell whether a path starts from `data.root` or the working directory."""
    return not os.path.isabs(os.path.expanduser(path))


def with_paths_from(folder: str, changed: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """Return overrides which make the relative paths absolute that are in `changed` and were not in `before`.

    Args:
        folder: Where those start.
        changed: A recipe's tree with overrides.
        before: The tree without.
    """
    old, found = dict(paths(before)), dict(paths(changed))
    new = {path: value for path, value in found.items() if is_relative(value) and old.get(path) != value}
    overrides: dict[str, Any] = {}
    for *parameter, last in new:
        if isinstance(last, str):
            overrides[".".join([*map(str, parameter), last])] = os.path.join(folder, new[*parameter, last])
        else:
            items = [value for path, value in found.items() if list(path[:-1]) == parameter]
            at = ".".join(map(str, parameter))
            overrides[at] = [os.path.join(folder, item) if is_relative(item) else item for item in items]
    return overrides
