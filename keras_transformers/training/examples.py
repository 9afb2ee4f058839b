"""Reads the examples of a training, and settles in the recipe what they and the machine determine."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..errors import RecipeError
from ..recipe.paths import is_relative, paths
from ..recipe.recipe import Recipe
from ..recipe.sections import Data
from ..registry.assemble import assemble
from ..runs.examples import read_for
from ..runs.model import vocab_sizes
from ..tasks.task import Task
from .precision import fastest_precision

SECTIONS = ("tokenizer", "data", "task", "training")
"""What a recipe that trains must have beside its model."""


@dataclass(frozen=True)
class Examples:
    """Text that was read, and the recipe that says what is made of it.

    Args:
        recipe: The resolved recipe.
        data: Its section `data`, assembled.
        task: Its task, assembled.
        train: The training text, of the class that the task reads.
        valid: The validation text, of the same class; None: there is none.
        notes: What is to be said of it, one sentence each.
    """

    recipe: Recipe
    data: Data = field(repr=False)
    task: Task = field(repr=False)
    train: Any = field(repr=False)
    valid: Any = field(repr=False)
    notes: tuple[str, ...] = ()


def read(recipe: Recipe) -> Examples:
    """Return the `Examples` of a recipe.

    Raises:
        RecipeError: The recipe only builds a model: a section that training needs is missing.
        DataError: The text cannot be read.
    """
    tree = recipe.tree
    for section in SECTIONS:
        if tree.get(section) is None:
            raise RecipeError(f"`{recipe.name}` cannot be trained: it has no section `{section}`.")
    data, task = assemble("section", tree["data"]), _task(tree)
    task.check_metrics()

    def examples(split: str) -> Any:
        source = getattr(data, split)
        return source and read_for(task, source, data.root, tree, split)

    return Examples(recipe, data, task, examples("train"), examples("valid"))


def settle(examples: Examples) -> Examples:
    """Return `Examples` whose recipe and task hold what the training text tells, such as labels.

    Relative paths become absolute; where there is no `data.root`, those of text start from the working directory, which
    the recipe then names, so that the run can be evaluated from any other.

    Raises:
        DataError: Nothing can be learnt from these examples, or a metric cannot be computed on them.
    """
    tree = examples.recipe.tree
    told = {f"task.{name}": value for name, value in examples.task.settle(examples.train).items()}
    settled = {
        key: str(Path(path).expanduser().resolve())
        for key, path in (("data.root", _root(tree)), ("weights", tree.get("weights")))
        if path is not None
    }
    for place, file in paths(tree, "tokenizer"):
        settled[".".join(map(str, place))] = str(Path(file).expanduser().resolve())
    recipe = examples.recipe.with_overrides(settled | told)
    task = examples.task if recipe.tree["task"] == tree["task"] else _task(recipe.tree)
    notes = (*task.remarks(examples.train), *_notes(tree["training"]))
    task.references(examples.train)  # what is wrong with the training text is said first
    if examples.valid is not None:
        notes += tuple(task.check_references(examples.valid, "data.valid"))
    return replace(examples, recipe=recipe, task=task, notes=notes)


def settle_tokenizer(examples: Examples) -> Examples:
    """Return `Examples` of a new training, whose recipe has the tokenizer of the weights to begin with, if any.

    A resumed training has one of its own, and may go on where the weights are no more.

    Raises:
        CheckpointError: The weights to begin with cannot be read.
    """
    tree = examples.recipe.tree
    if tree.get("weights") is None:
        return examples
    from ..weights import open_checkpoint

    checkpoint = open_checkpoint(tree["weights"])
    tokenizer, notes = checkpoint.tokenizer_for(tree["tokenizer"])
    rows = vocab_sizes(checkpoint.recipe())  # of the embeddings, which may be padded beyond the pieces
    recipe = examples.recipe.with_overrides({"tokenizer": tokenizer, **rows})
    return replace(examples, recipe=recipe, notes=(*examples.notes, *checkpoint.notes(), *notes))


def settle_precision(examples: Examples, choose: Callable[[], tuple[str, str]] = fastest_precision) -> Examples:
    """Return `Examples` whose recipe names a dtype policy instead of `auto`.

    Args:
        examples: The `Examples`.
        choose: Returns the name of the policy, and a sentence on why. Where there are several workers, all must be
            given the same answer.
    """
    if examples.recipe.tree["training"]["precision"] != "auto":
        return examples
    precision, why = choose()
    recipe = examples.recipe.with_overrides({"training.precision": precision})
    return replace(examples, recipe=recipe, notes=(*examples.notes, why))


def _task(tree: dict[str, Any]) -> Task:
    """Return the task of a recipe, which begins outputs as its model does."""
    start = tree["model"].get("start")
    task: Task = assemble("task", tree["task"], {} if start is None else {"model.start": start})
    return task


def _root(tree: dict[str, Any]) -> str | None:
    """Return the folder that relative paths of text start from; None if there are none."""
    root = tree["data"].get("root")
    return "." if root is None and any(is_relative(path) for _, path in paths(tree)) else root


def _notes(training: dict[str, Any]) -> tuple[str, ...]:
    """Return what is to be said of settings that are larger than what there is."""
    epochs, average, patience = (training[name] for name in ("epochs", "average_last", "patience"))
    notes = []
    if average > epochs:
        notes.append(f"`training.average_last` is {average}, but `training.epochs` is {epochs}: all are averaged.")
    if patience is not None and patience >= epochs:
        notes.append(f"`training.patience` is {patience}, but `training.epochs` is {epochs}: nothing ends it early.")
    return tuple(notes)
