"""Components registered in the running process."""

import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from ..errors import DuplicateComponent, RegistryError
from ..signature import MARKED, registrations
from ..signature import register as mark
from .builtin import builtin
from .component import NAME, Component
from .installed import plugins
from .unsaid import completed

T = TypeVar("T")
KERAS_PACKAGE = "keras_transformers.user"
GRAMMAR = "section"
"""The slot of what recipes are made of, whose parts nobody can stand in for."""


@dataclass(frozen=True)
class Registered:
    """A component of this process and its class or function."""

    component: Component
    object: Any


_registered: dict[tuple[str, str], Registered] = {}


def registered() -> dict[tuple[str, str], Registered]:
    """Return the components registered in this process, by (slot, name)."""
    return _registered


def register(slot: str, name: str, reference: str = "") -> Callable[[T], T]:
    """Register a class or function of your own: `@register("attention", "talking_heads")`.

    Where the library has a part of that name, yours takes its place, so that code written before the library had one
    goes on as it was. What recipes may set is read from its signature and docstring. A class with `get_config` also
    becomes Keras-serializable, as `keras_transformers.user>SLOT.NAME`, so that `.keras` files reload
    once the module that defines it is imported. Defining it again, as when a notebook's cell is run
    twice, replaces it.

    Args:
        slot: Where it fits, such as `attention`.
        name: As recipes will write it: lower-case letters, digits and _.
        reference: Paper or documentation it follows.

    Raises:
        DuplicateComponent: The name is taken by something else of yours, or by a section of recipes.
        RegistryError: The name or the signature cannot be used, or the class lacks a method that its slot asks for.
    """
    for what, value in (("slot", slot), ("name", name)):
        if not (isinstance(value, str) and NAME.fullmatch(value)):
            raise RegistryError(f"`{what}` must be lower-case letters, digits and _, but is {value!r}.")

    def decorate(found: T) -> T:
        from .contracts import require_contract
        from .introspect import component_of
        from .saving import make_serializable

        component = completed(component_of(found, slot, name, origin=_origin(found), reference=reference))
        holder = builtin(slot).get(name) if slot == GRAMMAR else None
        if (slot, name) in _registered:
            holder = _registered[slot, name].component
        if holder and holder.target != component.target:
            raise DuplicateComponent(f"`{slot}/{name}` is taken by {holder.target} ({holder.origin}).")
        require_contract(found, slot, name)
        if inspect.isclass(found) or inspect.isfunction(found):
            mark(slot, name, reference)(found)
        make_serializable(found, KERAS_PACKAGE, f"{slot}.{name}", component)
        _registered[slot, name] = Registered(component, found)
        return found

    return decorate


def register_marked(start: int) -> None:
    """Register what a user's plugin only marked, with `keras_transformers.signature.register`.

    The library's own classes and those of installed plugins, which it may have imported, have their manifests.

    Args:
        start: How many of `MARKED` there were before it was imported.

    Raises:
        DuplicateComponent: A name is taken by something else.
        RegistryError: A name or a signature cannot be used.
    """
    targets = [component.target for plugin in plugins() for component in plugin.components]
    packages = {"keras_transformers", *(target.partition(":")[0].partition(".")[0] for target in targets)}
    for target in MARKED[start:]:
        if target.__module__.partition(".")[0] not in packages:
            for registration in registrations(target):
                register(registration.slot, registration.name, registration.reference)(target)


def _origin(found: Any) -> str:
    """Return the file that defines a class or function; of a package with the package's name."""
    module = getattr(found, "__module__", None) or ""
    file = getattr(sys.modules.get(module), "__file__", None)
    if not file:
        return "this process"
    package = getattr(sys.modules.get(module.partition(".")[0]), "__path__", None)
    depth = len(Path(next(iter(package))).parent.parts) if package else -1
    return str(Path(*Path(file).parts[depth:]))
