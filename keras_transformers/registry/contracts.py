"""Checks a class against the contract of its slot."""

import abc
import importlib
import inspect
import sys
from typing import Any

from ..errors import RegistryError
from ..slots import Contract, contract


def require_contract(found: Any, slot: str, name: str, error: type[RegistryError] = RegistryError) -> None:
    """Raise unless a class has all methods that its slot asks for; functions, which make objects, are not looked at.

    Args:
        found: The class or function.
        slot: The slot that it fills.
        name: Its name there, for the message.
        error: The class of the error.

    Raises:
        RegistryError: Methods are missing; the message names them.
    """
    rules = contract(slot)
    if rules is None or not inspect.isclass(found):
        return
    missing = missing_methods(found, rules)
    if missing:
        methods = ", ".join(f"`{method}`" for method in missing)
        module, _, base = rules.base.partition(":")
        raise error(
            f"`{slot}/{name}`: {found.__qualname__} must have {methods}: what fills the slot `{slot}` keeps to "
            f"{module}.{base}."
        )


def missing_methods(found: type, rules: Contract) -> list[str]:
    """Return the methods that a contract asks for and a class has not, or has only as abstract ones."""
    base = _loaded(rules.base)
    inherits = base is not None and issubclass(found, base)
    if inherits and isinstance(base, abc.ABCMeta):
        return sorted(getattr(found, "__abstractmethods__", ()))
    foreign = base.__mro__ if inherits and base is not None else (object,)
    own = [owner for owner in found.__mro__ if owner not in foreign]
    return [method for method in rules.methods if not any(method in vars(owner) for owner in own)]


def base_of(rules: Contract) -> type:
    """Import and return the class of a contract."""
    module, _, name = rules.base.partition(":")
    base: type = getattr(importlib.import_module(module), name)
    return base


def _loaded(target: str) -> type | None:
    """Return a class if its module is imported, as it is where something inherits it."""
    module, _, name = target.partition(":")
    return getattr(sys.modules.get(module), name, None)
