"""Maps names to components: built-in, from plugins, and registered by the user.

describe(slot, name) -> Component    without importing it
resolve(slot, name) -> class         imports it
register(slot, name)                 a class of one's own, in this process
"""

from .lookup import (
    Component,
    Parameter,
    Plugin,
    describe,
    load_plugin,
    load_plugin_file,
    missing_plugin,
    names,
    plugins,
    register,
    resolve,
    slots,
)

__all__ = [
    "Component", "Parameter", "Plugin", "describe", "load_plugin", "load_plugin_file", "missing_plugin",
    "names", "plugins", "register", "resolve", "slots",
]  # fmt: skip
