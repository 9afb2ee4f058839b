"""Recipes: YAML files that say which components a model is made of and how it is trained.

load(recipe, overrides) -> Recipe    by name, path or dict; raises RecipeError with all problems
names()                              the recipes that come with the library
schema()                             JSON Schema of recipes
"""

from .files import header, names
from .json_schema import schema
from .recipe import Recipe, load

__all__ = ["Recipe", "header", "load", "names", "schema"]
