"""Registers components with Keras's serialization under stable names, so that `.keras` files reload."""

import inspect
from typing import Any

from ..errors import PluginError
from .component import Component

OWN_PACKAGE = "keras_transformers>"


def make_serializable(found: Any, package: str, name: str, component: Component) -> None:
    """Register a class with Keras as `package>name`, unless its author did so under another name.

    Functions, and classes without `get_config`, are left alone.

    Raises:
        PluginError: Its author registered it under a name that belongs to the library, which Keras
            lets overwrite the library's class.
    """
    if not (inspect.isclass(found) and hasattr(found, "get_config")):
        return
    import keras

    registered = keras.saving.get_registered_name(found)
    if registered == found.__name__:
        keras.saving.register_keras_serializable(package=package, name=name)(found)
    elif registered.startswith(OWN_PACKAGE) and component.origin != "built-in":
        raise PluginError(
            f"`{component.slot}/{component.name}` ({component.origin}) is registered with Keras as "
            f"`{registered}`; a plugin must use a package name of its own."
        )
