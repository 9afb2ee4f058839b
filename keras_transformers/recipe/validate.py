"""Validates a recipe against the registry: returns the resolved tree, or every problem at once.

The grammar is the registry's: the root of a recipe is the component `section/recipe`, whose
parameters are slots, and so on down to numbers.
"""

from typing import Any

from .. import registry
from ..errors import Problem, RegistryError, UnknownComponent, did_you_mean
from ..registry import Component, Parameter
from .document import Node, found, from_value
from .problem import KeyPath, Place, problem
from .scalars import WrongValue, check_scalar, expectation

ROOT = ("section", "recipe")
_INVALID: Any = object()


class Validator:
    """Walks the nodes of one recipe.

    Attributes:
        problems: Everything that is wrong.
        places: For each key path (a tuple) of the resolved tree, where its value was written.
    """

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.places: dict[KeyPath, Place] = {}
        self.requires: dict[str, str] = {}
        self.scopes: set[str] = set()

    def resolve(self, root: Node) -> Any:
        """Return the resolved tree of the root `Node`; invalid values are left out of it."""
        requires = root.value.get("requires") if root.is_map else None
        if requires is not None and requires.is_map:
            self.requires = requires.plain()
        tree = self._component(ROOT[0], ROOT[1], root, ())
        if isinstance(tree, dict) and self.scopes:
            tree["requires"] = {**self._installed(), **(tree.get("requires") or {})}
        return tree

    def _installed(self) -> dict[str, str]:
        """Return what to pip install for each plugin that the recipe uses."""
        return {plugin.name: plugin.requirement for plugin in registry.plugins() if plugin.name in self.scopes}

    def _wrong(self, place: Place, path: KeyPath, message: str) -> Any:
        self.problems.append(problem(place, path, message))
        return _INVALID

    def _component(
        self, slot: str, default_type: str | None, node: Node, path: KeyPath, words: tuple[str, ...] = ()
    ) -> Any:
        """Resolve the value of a slot: a bare string, or a map with `type` and parameters.

        `words` are what else the recipe might have said there.
        """
        if isinstance(node.value, str):
            node = Node({"type": node}, node.place, {"type": node.place})
        if not node.is_map:
            message = f"expected the name of {a(slot)} or a map, found {found(node.value)}."
            return self._wrong(node.place, path, message)
        component = self._lookup(slot, default_type, node, path, words)
        if component is None:
            return _INVALID
        result = {"type": component.name}
        if "/" in component.name:
            self.scopes.add(component.name.partition("/")[0])
        self.places[path] = node.place
        self._unknown_keys(component, node, path)
        for parameter in component.parameters.values():
            child = node.value.get(parameter.name)
            value = self._argument(component, parameter, child, node, (*path, parameter.name))
            if value is not _INVALID:
                result[parameter.name] = value
        return result

    def _lookup(
        self, slot: str, default_type: str | None, node: Node, path: KeyPath, words: tuple[str, ...]
    ) -> Component | None:
        """Return the registry's Component that the map's `type` names, or None after a problem."""
        kind = node.value.get("type")
        if kind is None or kind.value is None:
            if default_type is None:
                message = f"`type` is missing: which {slot}?{_existing(slot)}"
                self._wrong(node.place, path, message)
                return None
            name, place = default_type, node.place
        else:
            name, place = kind.value, kind.place
        if not isinstance(name, str):
            self._wrong(place, (*path, "type"), f"expected the name of {a(slot)}, found {found(name)}.")
            return None
        if slot == "section" and name != default_type:
            self._wrong(place, (*path, "type"), f'expected {default_type}, found "{name}".')
            return None
        if name in names(slot):
            return registry.describe(slot, name)
        at = (*path, "type") if kind and node.place != place else path
        self._wrong(place, at, self._unknown(slot, name, words))
        return None

    def _unknown(self, slot: str, name: str, words: tuple[str, ...]) -> str:
        """Return the sentence for a component that does not exist."""
        scope = name.partition("/")[0] if "/" in name else None
        plugins = {plugin.name: plugin for plugin in registry.plugins()} if scope else {}
        if scope and scope not in plugins:
            return registry.missing_plugin(name, self.requires.get(scope), list(plugins))
        if scope and plugins[scope].error:
            return f"`{name}` cannot be had: {plugins[scope].error}"
        near = did_you_mean(name, [*names(slot), *words])
        return f"no {slot} is called `{name}`.{near}{_existing(slot, words)}"

    def _unknown_keys(self, component: Component, node: Node, path: KeyPath) -> None:
        for key in node.value:
            if key != "type" and key not in component.parameters:
                near = did_you_mean(key, component.parameters)
                known = ", ".join(component.parameters) or "no parameters"
                message = f"{owner(component)} has no `{key}`.{near} It has: {known}."
                self._wrong(node.keys[key], (*path, key), message)

    def _argument(
        self, component: Component, parameter: Parameter, child: Node | None, node: Node, path: KeyPath
    ) -> Any:
        """Resolve one parameter of a component, filling in its default."""
        if child is not None and child.value is not None:
            return self._value(parameter, child, path)
        if parameter.nullable and child is not None:
            self.places[path] = child.place
            return None
        if parameter.required and not (parameter.nullable and parameter.type == "slot"):
            return self._missing(component, parameter, node, path)
        self.places[path] = node.place
        if parameter.default is None:
            return None
        return self._value(parameter, from_value(parameter.default, node.place), path)

    def _missing(self, component: Component, parameter: Parameter, node: Node, path: KeyPath) -> Any:
        doc = f": {parameter.doc}" if parameter.doc else "."
        return self._wrong(node.place, path, f"missing; {owner(component)} needs {expected(parameter)}{doc}")

    def _value(self, parameter: Parameter, node: Node, path: KeyPath) -> Any:
        """Resolve a value that is not null."""
        self.places[path] = node.place
        if parameter.slot is not None:
            words = parameter.choices or ()
            if (word := _word(node)) in words:
                return word
            return self._component(parameter.slot, parameter.default_type, node, path, words)
        if parameter.type == "list":
            return self._list(parameter, node, path)
        if parameter.type == "map":
            if not node.is_map:
                return self._wrong(node.place, path, f"expected {expectation(parameter)}, found {found(node.value)}.")
            return self._plain(_without_nulls(node), path)
        if parameter.type == "any":
            return self._plain(node, path)
        try:
            return check_scalar(parameter, node.value)
        except WrongValue as error:
            return self._wrong(node.place, path, str(error))

    def _plain(self, node: Node, path: KeyPath) -> Any:
        """Return any value as plain data, which YAML can write."""
        strange = node.strange()
        if strange is not None:
            message = f"expected text, numbers, lists and maps, found {found(strange)} in it."
            return self._wrong(node.place, path, message)
        return node.plain()

    def _list(self, parameter: Parameter, node: Node, path: KeyPath) -> Any:
        if not isinstance(node.value, list):
            return self._wrong(node.place, path, f"expected {expectation(parameter)}, found {found(node.value)}.")
        if parameter.items is None:
            return self._plain(node, path)
        result = []
        for index, item in enumerate(node.value):
            at = (*path, index)
            if item.value is None and not parameter.items.nullable:
                value = self._wrong(item.place, at, f"expected {expected(parameter.items)}, found null.")
            else:
                value = None if item.value is None else self._value(parameter.items, item, at)
            if value is not _INVALID:
                result.append(value)
        return result


def _word(node: Node) -> str | None:
    """Return the bare string of a `Node`, also where merging has made a map of it; None of anything else."""
    if node.is_map and set(node.value) == {"type"}:
        node = node.value["type"]
    return node.value if isinstance(node.value, str) else None


def names(slot: str) -> list[str]:
    """Return the names of a slot's components; none for a slot that nothing fills."""
    try:
        return registry.names(slot)
    except UnknownComponent:
        return []


def expected(parameter: Parameter) -> str:
    """Return what the parameter takes, in words, components included."""
    if parameter.slot is not None:
        return a(parameter.slot) if parameter.slot != "section" else f"`{parameter.default_type}`"
    return expectation(parameter)


def complete_types(root: Node) -> Node:
    """Return the root `Node` with the `type` written out where the grammar implies it.

    A parent is completed before a child is merged over it, so that a child which says the same
    type in words keeps the parent's parameters. What is wrong is left as it is, for `Validator`.
    """
    return _complete(root, *ROOT)


def _complete(node: Node, slot: str, default_type: str | None) -> Node:
    if isinstance(node.value, str):
        return node
    if not node.is_map:
        return node
    value, keys = dict(node.value), dict(node.keys)
    kind = value["type"].value if "type" in value else default_type
    if kind is None or not isinstance(kind, str):
        return node
    if "type" not in value:
        value["type"], keys["type"] = Node(kind, node.place), node.place
    try:
        parameters = registry.describe(slot, kind).parameters if kind in names(slot) else {}
    except RegistryError:
        parameters = {}
    for name, parameter in parameters.items():
        if parameter.slot is not None and name in value:
            value[name] = _complete(value[name], parameter.slot, parameter.default_type)
    return Node(value, node.place, keys)


def _without_nulls(node: Node) -> Node:
    if not node.is_map:
        return node
    kept = {key: _without_nulls(child) for key, child in node.value.items() if child.value is not None}
    return Node(kept, node.place, {key: node.keys[key] for key in kept})


def _existing(slot: str, words: tuple[str, ...] = ()) -> str:
    existing = [*names(slot), *words]
    return f" There are: {', '.join(existing)}." if existing else " There is none."


def owner(component: Component) -> str:
    """Return a component as the one who has or needs something, in messages."""
    if component.slot != "section":
        return f"`{component.slot}/{component.name}`"
    return "a recipe" if component.name == "recipe" else f"`{component.name}`"


def a(slot: str) -> str:
    """Return a component of a slot in words, such as "an attention"."""
    return f"{'an' if slot[0] in 'aeiou' else 'a'} {slot.replace('_', ' ')}"
