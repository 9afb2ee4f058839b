"""Packaging: the library, and the two folders of data that travel in its wheel.

`registry/` and `recipes/` stand at the top level of the repository, where people look for them. In a
wheel they become data packages inside `keras_transformers`, so nothing called `registry`, `recipes`
or `tests` reaches site-packages. `keras_transformers/registry/resources.py` finds them in both places.
Metadata is in pyproject.toml.
"""

from setuptools import find_packages, setup

DATA = {
    "keras_transformers._data.registry": "registry",
    "keras_transformers._data.recipes": "recipes",
}

setup(
    packages=find_packages(include=["keras_transformers", "keras_transformers.*"]) + list(DATA),
    package_dir=DATA,
    package_data={
        **{package: ["*.yaml"] for package in DATA},
        "keras_transformers": ["py.typed"],
        "keras_transformers.api.attend": ["page.*"],
    },
)
