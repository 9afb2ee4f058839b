"""Loading a recipe: parents merged, overrides laid over, everything checked, defaults filled in."""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import yaml12
from ..errors import Problem, RecipeError
from .document import Node, from_value
from .files import locate, read_file, with_parents
from .merge import merge
from .older import renewed
from .overrides import Overrides, read_overrides
from .problem import KeyPath, Place, problem
from .rules import check_rules
from .validate import Validator, complete_types


@dataclass(frozen=True)
class Recipe:
    """A recipe that has been checked and written out in full.

    Args:
        name: The shipped recipe's name, the file's stem, or `recipe` for a dict.
        tree: Plain dict: every component a dict with `type` first and all its parameters.
        path: The file it came from, or None.
    """

    name: str
    tree: dict[str, Any]
    path: Path | None = None

    def to_yaml(self) -> str:
        """Return the tree as YAML, which loads to the same recipe."""
        return yaml12.dump(self.tree)

    def with_overrides(self, overrides: Overrides) -> "Recipe":
        """Return the recipe as changed by overrides, checked again.

        Args:
            overrides: As in `load`.
        """
        changed = load(self.tree, overrides)
        return Recipe(self.name, changed.tree, self.path)


AnyRecipe = Recipe | str | Path | Mapping[str, Any]
"""A recipe, or what names one: a shipped recipe's name, the path of a YAML file, or a dict."""


def load(recipe: AnyRecipe, overrides: Overrides = ()) -> Recipe:
    """Load a recipe and check all of it.

    Args:
        recipe: Name of a shipped recipe, path of a YAML file, dict, or a `Recipe`.
        overrides: `"a.b=VALUE"` texts (VALUE is YAML), or a mapping whose keys may be dotted.

    Returns:
        A `Recipe`.

    Raises:
        RecipeError: Something is wrong; the error's `problems` are all that is.
    """
    if isinstance(recipe, Recipe):
        return recipe.with_overrides(overrides) if overrides else recipe
    name, path, node, folder, problems = _read(recipe)
    if node is not None:
        chain = () if path is None else (path.resolve(),)
        node, more = with_parents(node, folder, complete_types, chain)
        problems += more
    changes, more = read_overrides(overrides)
    problems += more
    if node is None:
        raise RecipeError(problems)
    for change in changes:
        node = merge(complete_types(node), change)
    validator = Validator()
    tree = validator.resolve(node)
    problems += validator.problems
    if isinstance(tree, dict):
        problems += _broken_rules(tree, validator.places)
    if problems:
        problems.sort(key=_reading_order)
        raise RecipeError(problems)
    return Recipe(name, tree, path)


def _read(recipe: AnyRecipe) -> tuple[str, Path | None, Node | None, Path, list[Problem]]:
    """Return name, path, root node, folder of relative parents, and problems."""
    if isinstance(recipe, Mapping):
        return "recipe", None, renewed(from_value(copy.deepcopy(dict(recipe)), Place("<dict>"))), Path.cwd(), []
    if not isinstance(recipe, (str, Path)):
        kind = type(recipe).__name__
        raise RecipeError(f"A recipe must be a name, a path or a dict, but is of type {kind}.")
    if isinstance(recipe, Path):
        path = recipe if recipe.is_file() else locate(f"./{recipe}", Path.cwd())
    else:
        path = locate(recipe, Path.cwd())
    if isinstance(path, str):
        raise RecipeError(path[0].upper() + path[1:])
    node, problems = read_file(path)
    return path.stem, path, node, path.parent, problems


def _broken_rules(tree: dict[str, Any], places: dict[KeyPath, Place]) -> Iterator[Problem]:
    for path, message in check_rules(tree):
        place = next(places[path[:end]] for end in range(len(path), -1, -1) if path[:end] in places)
        yield problem(place, path, message)


def _reading_order(problem: Problem) -> tuple[Any, ...]:
    return (problem.line is None, problem.file or "", problem.line or 0, problem.column or 0)
