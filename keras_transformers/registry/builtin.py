"""Reads manifests: registry/SLOT.yaml of the library, and files of the same entries elsewhere."""

from functools import cache
from pathlib import Path
from typing import Any

from ..errors import RegistryError
from .component import Component
from .resources import registry_dir


@cache
def builtin_slots() -> tuple[str, ...]:
    """Return the slots that have a manifest, sorted."""
    return tuple(sorted(path.stem for path in registry_dir().glob("*.yaml")))


@cache
def builtin(slot: str) -> dict[str, Component]:
    """Return the library's own components of a slot, by name; none if it has no manifest.

    Raises:
        RegistryError: The manifest is broken.
    """
    if slot not in builtin_slots():
        return {}
    path = registry_dir() / f"{slot}.yaml"
    entries = read_yaml(path)
    try:
        return {name: Component.from_entry(slot, name, entry) for name, entry in entries.items()}
    except RegistryError as error:
        raise RegistryError(f"{path}: {error}") from None


def refresh() -> None:
    """Forget the manifests read so far, so that changed files are read again."""
    builtin_slots.cache_clear()
    builtin.cache_clear()


def read_yaml(path: Path) -> dict[Any, Any]:
    """Return the map that a YAML file holds; an empty file is an empty map.

    Raises:
        RegistryError: It cannot be read, is not YAML, or is not a map.
    """
    import yaml

    from .. import yaml12

    try:
        content = yaml12.load(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise RegistryError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeError:
        raise RegistryError(f"{path} is not UTF-8 text.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
        raise RegistryError(f"{place} is not YAML: {getattr(error, 'problem', None) or error}.") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise RegistryError(f"{path} must hold a map, but holds {type(content).__name__}.")
    return content
