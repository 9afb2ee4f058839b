"""Components that the user registers in the running process, by decorator or by --plugin file."""

import importlib.util
import sys
import traceback
from dataclasses import dataclass
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any

from ..errors import DuplicateComponent, PluginError, RegistryError
from .builtin import builtin
from .component import NAME, Component

KERAS_PACKAGE = "keras_transformers.user"
MODULE_PREFIX = "keras_transformers_user_"


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

        component = component_of(found, slot, name, origin=_origin(found), reference=reference)
        holder = builtin(slot).get(name)
        if (slot, name) in _registered:
            holder = _registered[slot, name].component
        if holder and holder.target != component.target:
            raise DuplicateComponent(f"`{slot}/{name}` is taken by {holder.target} ({holder.origin}).")
        make_serializable(found, KERAS_PACKAGE, f"{slot}.{name}", component)
        _registered[slot, name] = Registered(component, found)
        return found

    return decorate


def load_plugin_file(path):
    """Execute a user's Python file, so that what it registers can be used; return its module.

    A file already loaded is not executed again. A file that fails registers nothing.

    Raises:
        PluginError: It does not exist, or fails; the sentence gives the line.
    """
    path = Path(path)
    if not path.is_file():
        raise PluginError(f"The plugin file `{path}` does not exist.")
    full = str(path.resolve())
    name = _module_name(path.stem, full)
    if name in sys.modules:
        return sys.modules[name]
    loader = SourceFileLoader(name, full)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    before = dict(_registered)
    sys.modules[name] = module
    try:
        loader.exec_module(module)
    except BaseException as error:
        del sys.modules[name]
        _registered.clear()
        _registered.update(before)
        if isinstance(error, KeyboardInterrupt):
            raise
        raise PluginError(_failure(path, full, error)) from error
    return module


def _module_name(stem, full):
    """Return the same name for the same file, whatever was loaded before it, if no other has its stem."""
    stem = "".join(letter if letter.isalnum() else "_" for letter in stem)
    name, number = MODULE_PREFIX + stem, 1
    while name in sys.modules and sys.modules[name].__file__ != full:
        number += 1
        name = f"{MODULE_PREFIX}{stem}_{number}"
    return name


def _failure(path, full, error):
    if isinstance(error, SyntaxError) and error.filename == full:
        return f"The plugin file `{path}`, line {error.lineno}: {error.msg}."
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == full]
    place = f", line {lines[-1]}" if lines else ""
    what = str(error) if isinstance(error, RegistryError) else f"{type(error).__name__}: {error}"
    return f"The plugin file `{path}`{place}: {what}"


def _origin(found):
    file = getattr(sys.modules.get(getattr(found, "__module__", None)), "__file__", None)
    return Path(file).name if file else "this process"
