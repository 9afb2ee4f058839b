"""Discovers installed plugin packages without importing them.

A package declares, in the entry-point group `keras_transformers.plugins`,

    acme = "acme_attention"

and ships acme_attention/registry.yaml: slot -> name -> entry, as in the library's manifests. Its
components are then `acme/NAME`. What is wrong with a plugin is its `error`; it harms no other.
"""

import importlib.util
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ..errors import RegistryError, did_you_mean
from .builtin import builtin, builtin_slots, read_yaml
from .component import NAME, Component
from .unsaid import completed

GROUP = "keras_transformers.plugins"
MANIFEST = "registry.yaml"
RESERVED = ("keras_transformers", "user")


@dataclass(frozen=True)
class Plugin:
    """An installed plugin.

    Args:
        name: Its scope: the entry point's name.
        distribution: What pip calls it.
        version: Of the distribution.
        requirement: What a recipe that needs it asks pip for, such as `acme-attention>=1.0`.
        components: What it brings; those entries that are sound, if some are not.
        error: What is wrong with it, as sentences; None if nothing is.
    """

    name: str
    distribution: str
    version: str
    requirement: str
    components: tuple[Component, ...] = ()
    error: str | None = None


@cache
def plugins() -> tuple[Plugin, ...]:
    """Return the installed plugins as a tuple, sorted by name, the broken ones included."""
    from importlib.metadata import entry_points

    points: list[Any] = list(entry_points(group=GROUP))
    found = sorted(points, key=lambda point: (point.name, point.dist.name))
    holders = Counter(point.name for point in found)
    return tuple(_read(point, found if holders[point.name] > 1 else ()) for point in found)


def missing_plugin(name: str, requirement: str | None = None, installed: Iterable[str] = ()) -> str:
    """Return the sentence for a component `scope/name` whose plugin is not installed.

    Args:
        name: The component, such as `acme/talking_heads`.
        requirement: What provides the plugin, as pip understands it, if known.
        installed: Names of the plugins that are.
    """
    scope = name.partition("/")[0]
    install = f"pip install '{requirement}'" if requirement else "install the package that provides it"
    hint = did_you_mean(scope, installed)
    return f"`{name}` needs the plugin `{scope}`, which is not installed: {install}.{hint}"


def _read(point: Any, rivals: Iterable[Any]) -> Plugin:
    distribution, version = point.dist.name, point.dist.version
    plugin = {
        "name": point.name,
        "distribution": distribution,
        "version": version,
        "requirement": f"{distribution}>={version}",
    }
    label = f"plugin `{point.name}` ({distribution} {version})"
    try:
        _check_scope(point, rivals)
        components, problems = _read_manifest(point, f"plugin {point.name} ({distribution} {version})")
    except Exception as error:
        components, problems = [], [str(error) if isinstance(error, RegistryError) else repr(error)]
    broken = f"The {label} is broken: {' '.join(problems)}" if problems else None
    return Plugin(**plugin, components=tuple(components), error=broken)


def _check_scope(point: Any, rivals: Iterable[Any]) -> None:
    if not NAME.fullmatch(point.name) or point.name in RESERVED:
        raise RegistryError(
            f"The name of a plugin must be lower-case letters, digits and _, and none of "
            f"{', '.join(RESERVED)}, but is `{point.name}`."
        )
    same = [rival.dist for rival in rivals if rival.name == point.name and rival != point]
    others = [f"{dist.name} {dist.version}" for dist in same]
    if others:
        raise RegistryError(f"The name `{point.name}` is also declared by {', '.join(others)}; uninstall one.")


def _read_manifest(point: Any, origin: str) -> tuple[list[Component], list[str]]:
    path = _manifest_path(point.value.strip())
    components, problems = [], []
    entries = read_yaml(path)
    for slot, named in entries.items():
        if not isinstance(named, dict):
            problems.append(f"`{slot}`: must be a map of names to entries, but is {named!r}.")
            continue
        for name, entry in named.items():
            try:
                component = Component.from_entry(slot, name, entry, origin, scope=point.name)
                components.append(completed(component))
            except RegistryError as error:
                problems.append(str(error))
    known = known_slots(components)
    for slot in sorted({component.slot for component in components} - known):
        problems.append(f"There is no slot `{slot}`.{did_you_mean(slot, known)}")
    problems = [f"{path}: {problem}" for problem in problems]
    return [component for component in components if component.slot in known], problems


def known_slots(components: Iterable[Component]) -> set[str]:
    """Return the slots a plugin may fill: the library's, and those that its own parameters name."""
    every = [*components, *(component for slot in builtin_slots() for component in builtin(slot).values())]
    parameters = [parameter for component in every for parameter in component.parameters.values()]
    items = [parameter.items for parameter in parameters if parameter.items]
    return {*builtin_slots(), *(parameter.slot for parameter in (*parameters, *items) if parameter.slot)}


def _manifest_path(package: str) -> Path:
    top, *rest = package.split(".")
    if top == "keras_transformers" or not all(part.isidentifier() for part in (top, *rest)):
        raise RegistryError(f"Its entry point must name a package of its own, but names `{package}`.")
    spec = importlib.util.find_spec(top) if top not in sys.modules else sys.modules[top].__spec__
    if spec is None or spec.submodule_search_locations is None:
        raise RegistryError(f"Its entry point names the package `{top}`, which is not installed.")
    places = [Path(folder, *rest) for folder in spec.submodule_search_locations]
    for place in places:
        if (place / MANIFEST).is_file():
            return place / MANIFEST
    raise RegistryError(f"{places[0] / MANIFEST if places else MANIFEST} is missing.")
