"""Components that the user registers in the running process, by decorator."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import DuplicateComponent, RegistryError
from .builtin import builtin
from .component import NAME, Component
from .unsaid import completed

KERAS_PACKAGE = "keras_transformers.user"


@dataclass(frozen=True)
class Registered:
    """A component of this process and its class or function."""

    component: Component
    object: Any


_registered = {}


def registered():
    """Return the components registered in this process, by (slot, name)."""
    return _registered


def register(slot, name, reference=""):
    """Register a class or function of your own: `@register("attention", "talking_heads")`.

    What recipes may set is read from its signature and docstring. A class with `get_config` also
    becomes Keras-serializable, as `keras_transformers.user>SLOT.NAME`, so that `.keras` files reload
    once the module that defines it is imported. Defining it again, as when a notebook's cell is run
    twice, replaces it.

    Args:
        slot: Where it fits, such as `attention`.
        name: As recipes will write it: lower-case letters, digits and _.
        reference: Paper or documentation it follows.

    Raises:
        DuplicateComponent: The name is taken by something else.
        RegistryError: The name or the signature cannot be used.
    """
    for what, value in (("slot", slot), ("name", name)):
        if not (isinstance(value, str) and NAME.fullmatch(value)):
            raise RegistryError(f"`{what}` must be lower-case letters, digits and _, but is {value!r}.")

    def decorate(found):
        from .introspect import component_of
        from .saving import make_serializable

        component = completed(component_of(found, slot, name, origin=_origin(found), reference=reference))
        holder = builtin(slot).get(name)
        if (slot, name) in _registered:
            holder = _registered[slot, name].component
        if holder and holder.target != component.target:
            raise DuplicateComponent(f"`{slot}/{name}` is taken by {holder.target} ({holder.origin}).")
        make_serializable(found, KERAS_PACKAGE, f"{slot}.{name}", component)
        _registered[slot, name] = Registered(component, found)
        return found

    return decorate


def _origin(found):
    """Return the file that defines a class or function; of a package with the package's name."""
    module = getattr(found, "__module__", None) or ""
    file = getattr(sys.modules.get(module), "__file__", None)
    if not file:
        return "this process"
    package = getattr(sys.modules.get(module.partition(".")[0]), "__path__", None)
    depth = len(Path(next(iter(package))).parent.parts) if package else -1
    return str(Path(*Path(file).parts[depth:]))
