"""Finds the two folders of data that belong to the library: registry/ and recipes/.

In a wheel they are `keras_transformers/_data/registry` and `…/recipes`; in a checkout, and so in an
editable install, they lie beside the package, at the repository's root.
"""

from pathlib import Path

from ..errors import RegistryError

PACKAGE = Path(__file__).resolve().parent.parent


def registry_dir() -> Path:
    """Return the folder of the manifests, one YAML file per slot."""
    return _folder("registry")


def recipes_dir() -> Path:
    """Return the folder of the recipes, one YAML file per model."""
    return _folder("recipes")


def _folder(name: str) -> Path:
    places = [PACKAGE / "_data" / name, PACKAGE.parent / name]
    for place in places:
        if place.is_dir():
            return place
    looked = " nor ".join(str(place) for place in places)
    raise RegistryError(f"The library's folder `{name}` is missing: neither {looked} exists.")
