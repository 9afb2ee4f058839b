"""Recipes: YAML files that say which components a model is made of and how it is trained.

load(recipe, overrides) -> Recipe    by name, path or dict; raises RecipeError with all problems
names()                              the recipes that come with the library
schema()                             JSON Schema of recipes
"""

from typing import TYPE_CHECKING, Any

from .files import header, names
from .recipe import Recipe, load

if TYPE_CHECKING:
    from .json_schema import schema

__all__ = ["Recipe", "header", "load", "names", "schema"]


def __getattr__(name: str) -> Any:
    if name == "schema":  # here, as few need it, and the command line answers at once
        from .json_schema import schema

        return schema
    raise AttributeError(f"module `{__name__}` has no attribute `{name}`")
