"""Looks components up by slot and name.

Three sources: the library's manifests (registry/SLOT.yaml), classes registered in this process, and
the manifests of installed plugins, whose names are scoped (`acme/talking_heads`) and so cannot
shadow the others. What the process registers stands before a built-in of the same name. Only
`resolve` imports what it names.
"""

import importlib
from typing import Any, NoReturn

from ..errors import PluginError, RegistryError, UnknownComponent, did_you_mean
from .builtin import builtin, builtin_slots
from .component import Component, Parameter
from .installed import Plugin, missing_plugin, plugins
from .loading import load_plugin
from .local import register, registered

__all__ = [
    "Component", "Parameter", "Plugin", "describe", "load_plugin", "load_plugin_file", "missing_plugin",
    "names", "plugins", "register", "resolve", "slots",
]  # fmt: skip

load_plugin_file = load_plugin  # its name before folders and modules could be loaded


def slots() -> list[str]:
    """Return the names of all slots, those that only users or plugins fill included, sorted."""
    found = {*builtin_slots(), *(slot for slot, _ in registered())}
    for plugin in plugins():
        found.update(component.slot for component in plugin.components)
    return sorted(found)


def names(slot: str) -> list[str]:
    """Return the names of all components of a slot: the library's, the user's, the plugins'.

    Raises:
        UnknownComponent: There is no such slot.
    """
    own = [name for where, name in registered() if where == slot]
    scoped = [component.name for plugin in plugins() for component in plugin.components if component.slot == slot]
    found = [*sorted({*builtin(slot)} - {*own}), *sorted(own), *sorted(scoped)]
    if not found:
        _require_slot(slot)
    return found


def describe(slot: str, name: str) -> Component:
    """Return the `Component` of that name, without importing it.

    Raises:
        UnknownComponent: There is no such slot, or no such name in it.
        PluginError: The name belongs to a plugin that is not installed, or is broken.
    """
    if not isinstance(name, str):
        raise UnknownComponent(f"The name of a component must be a string, but is {name!r}.")
    if "/" in name:
        return _describe_scoped(slot, name)
    own = registered().get((slot, name))
    found = own.component if own else builtin(slot).get(name)
    return found or _unknown(slot, name)


def resolve(slot: str, name: str) -> Any:
    """Import and return the class or function of that name.

    Raises:
        UnknownComponent: There is no such slot, or no such name in it.
        PluginError: It belongs to a plugin that is missing or broken.
        RegistryError: It does not import.
    """
    component = describe(slot, name)
    if component.origin == "built-in":
        return _import(component, RegistryError)
    if "/" not in name:
        return registered()[slot, name].object
    found = _import(component, PluginError)
    from .contracts import require_contract
    from .saving import make_serializable

    require_contract(found, slot, name, PluginError)
    scope, _, short = name.partition("/")
    make_serializable(found, f"keras_transformers.{scope}", f"{slot}.{short}", component)
    return found


def _describe_scoped(slot: str, name: str) -> Component:
    scope = name.partition("/")[0]
    plugin = next((candidate for candidate in plugins() if candidate.name == scope), None)
    if plugin is None:
        raise PluginError(missing_plugin(name, installed=[candidate.name for candidate in plugins()]))
    for component in plugin.components:
        if (component.slot, component.name) == (slot, name):
            return component
    if plugin.error:
        raise PluginError(f"`{slot}/{name}` cannot be had: {plugin.error}")
    return _unknown(slot, name)


def _import(component: Component, error_type: type[RegistryError]) -> Any:
    module, _, path = component.target.partition(":")
    try:
        found = importlib.import_module(module)
        for part in path.split("."):
            found = getattr(found, part)
    except Exception as error:
        why = f"{type(error).__name__}: {error}"
        who = f"`{component.slot}/{component.name}` ({component.origin})"
        raise error_type(f"{who} does not import: {component.target}: {why}") from error
    return found


def _require_slot(slot: str) -> None:
    if slot not in slots():
        raise UnknownComponent(
            f"There is no slot `{slot}`.{did_you_mean(slot, slots())} The slots are: {', '.join(slots())}."
        )


def _unknown(slot: str, name: str) -> NoReturn:
    _require_slot(slot)
    existing = names(slot)
    elsewhere = [f"`{other}`" for other in slots() if name in names(other)]
    hint = f" It is in the slot {', '.join(elsewhere)}." if elsewhere else did_you_mean(name, existing)
    raise UnknownComponent(f"`{slot}` has no component `{name}`.{hint} `{slot}` has: {', '.join(existing)}.")
