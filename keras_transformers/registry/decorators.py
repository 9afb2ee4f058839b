"""Finds the decorator `register` in source, without importing it."""

import ast
from collections.abc import Iterator

MODULES = ("keras_transformers", "keras_transformers.signature", "keras_transformers.registry")
"""Where `register` may come from."""


def decorated_names(
    node: ast.ClassDef | ast.FunctionDef, module: ast.Module, package: str
) -> Iterator[tuple[str, str]]:
    """Yield (slot, name) of each decorator `register("slot", "name")` of a class or function.

    Args:
        node: The class or function.
        module: The module that it stands in, whose imports tell what `register` is.
        package: Name of the package that this module belongs to.
    """
    direct, modules = _imported(module, package)
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call) and _is_register(decorator.func, direct, modules):
            arguments = dict(zip(("slot", "name"), decorator.args))
            arguments.update({word.arg: word.value for word in decorator.keywords if word.arg in ("slot", "name")})
            values = [value.value for value in arguments.values() if isinstance(value, ast.Constant)]
            if len(values) == 2 and all(isinstance(value, str) for value in values):
                slot, name = (arguments[key].value for key in ("slot", "name"))  # type: ignore[attr-defined]
                yield slot, name


def _imported(module: ast.Module, package: str) -> tuple[set[str], set[str]]:
    """Return the names by which a module calls `register` itself, and the modules that hold it."""
    direct: set[str] = set()
    modules: set[str] = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            modules.update(alias.asname or alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom):
            # With dots, as in the library itself: `from ..signature import register`.
            origin = ".".join(part for part in (package if node.level else "", node.module) if part)
            for alias in node.names:
                if alias.name == "register" and origin in MODULES:
                    direct.add(alias.asname or alias.name)
                elif f"{origin}.{alias.name}" in MODULES:
                    modules.add(alias.asname or alias.name)
    return direct, modules


def _is_register(function: ast.expr, direct: set[str], modules: set[str]) -> bool:
    if isinstance(function, ast.Name):
        return function.id in direct
    if not isinstance(function, ast.Attribute):
        return False
    return function.attr == "register" and ast.unparse(function.value) in modules
