"""`kt.train`: from a recipe to a finished run."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from .. import recipe as recipes
from ..files import StrPath
from ..recipe.overrides import Overrides
from ..recipe.recipe import AnyRecipe
from ..registry import load_plugin
from ..runs.run import Run, load_run, refuse_existing, run_path
from ..training import job

if TYPE_CHECKING:
    import keras


def train(
    recipe: AnyRecipe,
    run: StrPath | None = None,
    overrides: Overrides = (),
    resume: bool = False,
    overwrite: bool = False,
    plugins: Sequence[StrPath] = (),
    callbacks: "Sequence[keras.callbacks.Callback]" = (),
    log: Callable[[Path], object] | None = None,
) -> Run:
    """Train a recipe and return its `Run`.

    Args:
        recipe: Name of a shipped recipe, path of a YAML file, dict, or a `Recipe`.
        run: Folder of the run; by default `runs/` and the recipe's name.
        overrides: `["training.epochs=3"]` or `{"training.epochs": 3}`, applied last.
        resume: Go on with the run that is there, from its last checkpoint.
        overwrite: Replace the run that is there.
        plugins: What registers components and is imported first: Python files, folders or names of modules.
        callbacks: `keras.callbacks.Callback`s. At the end of an epoch they see its scores, and what they add to its
            logs is recorded. An epoch that is resumed in its middle is a call of `fit` of its own.
        log: A function that is called with the run's folder as soon as it is there. The command line then sends what
            TensorFlow writes to standard error to a file in it.

    Raises:
        RecipeError: The recipe has problems, all of which are listed.
        DataError: The text cannot be read.
        RunError: The run directory cannot be written, or is taken.
        TrainingInterrupted: Ctrl-C; the checkpoint is kept.
    """
    for plugin in plugins:
        load_plugin(plugin)
    path = run_path(recipes.load(recipe, overrides), run)
    told: dict[str, Any] = {"console": Console(stderr=True), "plugins": tuple(plugins), "callbacks": tuple(callbacks)}
    if log is not None:
        told["log"] = log
    if resume:
        begun = load_run(path)
        return job.resume(job.Job(recipes.load(begun.recipe, overrides), **told), begun)
    resolved = recipes.load(recipe, overrides)
    refuse_existing(path, overwrite)
    return job.start(job.Job(resolved, **told), path)
