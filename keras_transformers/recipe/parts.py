"""The components of a resolved recipe, each with its place and its entry in the registry."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .. import registry
from ..errors import RegistryError
from ..signature import Constraint
from .problem import KeyPath
from .validate import ROOT


class _Missing:
    """What stands where the tree has no such key."""


MISSING: Any = _Missing()


@dataclass(frozen=True)
class Part:
    """A component of a recipe.

    Args:
        path: Its keys from the root.
        component: What the registry knows of it.
        spec: Its map in the tree.
    """

    path: KeyPath
    component: registry.Component
    spec: dict[str, Any]


class Parts:
    """All components of a tree, the root first; iterating gives each `Part`.

    Args:
        tree: A resolved tree, in which values may be missing.

    Attributes:
        by_path: Each `Part` by its path.
    """

    def __init__(self, tree: Any) -> None:
        self._tree = tree
        self.by_path: dict[KeyPath, Part] = {}
        self._walk(ROOT[0], {"type": ROOT[1], **tree} if isinstance(tree, dict) else tree, ())

    def __iter__(self) -> Iterator[Part]:
        return iter(self.by_path.values())

    def at(self, path: KeyPath) -> Any:
        """Return the value at a path; `MISSING` if there is no such key."""
        value = self._tree
        for key in path:
            try:
                value = value[key]
            except (KeyError, IndexError, TypeError):
                return MISSING
        return value

    def value(self, reference: float | str, part: Part) -> Any:
        """Return what a constraint of `part` refers to: a number, a parameter beside, or the value at a path."""
        if not isinstance(reference, str):
            return reference
        return self.at(tuple(reference.split(".")) if "." in reference else (*part.path, reference))

    def applies(self, constraint: Constraint, part: Part) -> bool:
        """Tell whether a constraint's conditions are met."""
        wanted = constraint.when is None or self._is_so(constraint.when, part)
        return wanted and not (constraint.unless is not None and self._is_so(constraint.unless, part))

    def _is_so(self, condition: str, part: Part) -> bool:
        name, equals, wanted = condition.partition("=")
        value = self.value(name, part)
        value = value.get("type") if isinstance(value, dict) else value
        if equals:
            return (str(value).lower() if isinstance(value, bool) else str(value)) == wanted
        return value is not None and value is not False and value is not MISSING

    def _walk(self, slot: str, spec: Any, path: KeyPath) -> None:
        if not (isinstance(spec, dict) and isinstance(spec.get("type"), str)):
            return
        try:
            component = registry.describe(slot, spec["type"])
        except RegistryError:
            return
        self.by_path[path] = Part(path, component, spec)
        for name, parameter in component.parameters.items():
            value = spec.get(name)
            if parameter.slot:
                self._walk(parameter.slot, value, (*path, name))
            elif parameter.items is not None and parameter.items.slot and isinstance(value, list):
                for index, item in enumerate(value):
                    self._walk(parameter.items.slot, item, (*path, name, index))
