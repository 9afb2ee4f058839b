"""The run directory: what one training leaves behind, and how to read it again.

RUN/
  recipe.yaml         the resolved recipe; trains again as it is
  tokenizer/          its files
  checkpoints/last/   weights, optimizer, seeds and place in the data, for --resume, at the end of an epoch
  checkpoints/interrupted/  the same, in the middle of the next epoch, until its end
  checkpoints/best/   weights of the epoch with the best validation score
  checkpoints/epochs/ weights of the last epochs, for averaging
  metrics.jsonl       one line an epoch
  tensorboard/        the same, for TensorBoard
  model.keras         the final model, float32
  report.json         what was trained, how long it took, and how well it does
  tensorflow.log      what TensorFlow wrote to standard error, if it wrote anything, under the command line
"""

import dataclasses
import json
import math
import os
import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

from .. import files
from .. import recipe as recipes
from ..errors import RecipeError, RunError, first_line
from ..files import StrPath
from ..recipe.overrides import Overrides, texts
from ..recipe.paths import with_paths_from
from ..recipe.recipe import Recipe

if TYPE_CHECKING:
    import keras

    from ..tasks.task import Task
    from ..text.tokenizer import Tokenizer

RECIPE = "recipe.yaml"
FOLDERS = {"tokenizer", "checkpoints", "tensorboard"}
LOG = "tensorflow.log"
FILES = {RECIPE, LOG, "metrics.jsonl", "model.keras", "report.json"}
PARTIAL = {"recipe.partial", "metrics.partial", "partial-model.keras"}  # of a run that was killed
KIND = files.Kind("a run directory", RECIPE, frozenset(FOLDERS | FILES | PARTIAL))


class Run:
    """A run directory.

    Args:
        path: The folder.
        overrides: What its recipe is read with, as `kt.load_run` takes it; nothing of it is written into the folder.
    """

    def __init__(self, path: StrPath, overrides: Overrides = ()) -> None:
        self.path = Path(path)
        self.overrides = overrides
        self.recipe_file = self.path / RECIPE
        self.tokenizer_folder = self.path / "tokenizer"
        self.checkpoint_folder = self.path / "checkpoints"
        self.metrics_file = self.path / "metrics.jsonl"
        self.tensorboard_folder = self.path / "tensorboard"
        self.model_file = self.path / "model.keras"
        self.report_file = self.path / "report.json"

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r})"

    def __str__(self) -> str:
        return str(self.path)

    @property
    def recipe(self) -> Recipe:
        """The resolved recipe, with the overrides, named after the run.

        Raises:
            RunError: The run's recipe cannot be used.
            RecipeError: The overrides do not fit it.
        """
        try:
            recipe = recipes.load(self.recipe_file)
        except RecipeError as error:
            hint = "" if "plugin" in str(error) else " A plugin file of its own is named with --plugin FILE."
            raise RunError(f"{self.recipe_file} cannot be used: {error}{hint}") from None
        recipe = dataclasses.replace(recipe, name=self.path.resolve().name)
        return changed(recipe, self.overrides) if self.overrides else recipe

    def changed(self, overrides: Overrides) -> "Run":
        """Return the run as read with more overrides."""
        return Run(self.path, [*texts(self.overrides), *texts(overrides)])

    def write_recipe(self, recipe: Recipe) -> None:
        """Write recipe.yaml, which changes at one stroke."""
        files.write_text(self.recipe_file, recipe.to_yaml())

    def resume_command(self, plugins: Iterable[StrPath] = ()) -> str:
        """Return the command line that goes on with the training, given what was named with --plugin."""
        words = ["keras-transformers", "train", _word(self.recipe_file), "--run", _word(self.path), "--resume"]
        words += [word for plugin in plugins for word in ("--plugin", _word(plugin))]
        return shlex.join(words)

    @property
    def history(self) -> list[dict[str, Any]]:
        """The lines of metrics.jsonl, one dict an epoch; a number that was none is NaN."""
        if not self.metrics_file.is_file():
            return []
        lines = self.metrics_file.read_text(encoding="utf-8").splitlines()
        logs = [_json(line, f"{self.metrics_file}:{number}") for number, line in enumerate(lines, start=1)]
        return [{name: math.nan if value is None else value for name, value in line.items()} for line in logs]

    @property
    def report(self) -> dict[str, Any]:
        """What report.json says; an empty dict before training has ended."""
        return _json(self.report_file.read_text("utf-8"), self.report_file) if self.report_file.is_file() else {}

    def tokenizer(self) -> "Tokenizer":
        """Return the tokenizer, loaded."""
        from ..registry.assemble import assemble

        tokenizer: Tokenizer = assemble("tokenizer", self.recipe.tree["tokenizer"])
        tokenizer.load(self.tokenizer_folder)
        return tokenizer

    def task(self) -> "Task":
        """Return the task.

        Raises:
            RunError: The recipe has none.
        """
        from ..registry.assemble import assemble

        task: Task | None = assemble("task", self.recipe.tree["task"])
        if task is None:
            raise RunError(f"{self.recipe_file} has no section `task`: this run holds a model that answers no text.")
        return task

    def model(self) -> "keras.Model":
        """Return the final model, float32.

        Raises:
            RunError: Training has not ended.
        """
        from .model import dtype_policy, new_model

        if not self.model_file.is_file():
            raise RunError(
                f"{self.path} holds no model.keras: training has not ended; go on with `{self.resume_command()}`."
            )
        recipe = self.recipe
        with dtype_policy("float32"):  # an imported run has no section `training`
            model = new_model(recipe, {"training.precision": "float32"} if recipe.tree["training"] else ())
        try:
            model.load_weights(self.model_file)
        except (OSError, ValueError, KeyError, BadZipFile) as error:
            raise RunError(f"{self.model_file} cannot be read as this recipe's model: {first_line(error)}") from None
        return model

    def serving(self) -> Any:
        """Return the module that answers text with text, of the final model."""
        return self.task().serving(self.model(), self.tokenizer())


def _word(path: object) -> str:
    """Return a path as a word of a command line that is taken for no option."""
    return f"./{path}" if str(path).startswith("-") else str(path)


def _json(text: str, place: object) -> dict[str, Any]:
    """Return the map that a text of JSON holds."""
    try:
        value = json.loads(text)
    except ValueError as error:
        raise RunError(f"{place} is damaged: it is not JSON ({first_line(error)}).") from None
    if not isinstance(value, dict):
        raise RunError(f"{place} is damaged: it holds no map.")
    return value


def changed(recipe: Recipe, overrides: Overrides) -> Recipe:
    """Return a recipe that was settled elsewhere, with overrides that are typed here.

    A relative path among them starts from the working directory, unless they say `data.root` too.

    Raises:
        RecipeError: They do not fit it.
    """
    result = recipe.with_overrides(overrides)
    root = (result.tree.get("data") or {}).get("root")
    if root != (recipe.tree.get("data") or {}).get("root"):
        return result
    here = with_paths_from(os.getcwd(), result.tree, recipe.tree)
    return result.with_overrides(here) if here else result


def opened(run: Run | StrPath, overrides: Overrides = ()) -> Run:
    """Return a `Run`, or that in a folder.

    Args:
        run: A `Run`, or its folder.
        overrides: As `load_run` takes them; beside those that a `Run` has.

    Raises:
        RunError: There is no run there.
    """
    if not isinstance(run, Run):
        return load_run(run, overrides)
    return run.changed(overrides) if overrides else run


def load_run(path: StrPath, overrides: Overrides = ()) -> Run:
    """Return the `Run` at `path`.

    Args:
        path: The folder.
        overrides: `["data.test.source=new.txt"]` or `{"task.search.beam": 4}`, applied whenever its recipe is read.
            A relative path among them starts from the working directory, unless they say `data.root` too.

    Raises:
        RunError: There is no run there.
    """
    run = Run(path, overrides)
    if not run.path.exists():
        raise RunError(f"There is no run at {run.path}: train one with `keras-transformers train`.")
    if not run.recipe_file.is_file():
        raise RunError(
            f"{run.path} is not a run directory: it holds no recipe.yaml. Runs are made by "
            "`keras-transformers train RECIPE --run DIR`."
        )
    return run


def run_path(recipe: Recipe, run: StrPath | None = None) -> Path:
    """Return the folder of a run: `run`, or by default `runs/` and the name of the `Recipe`."""
    return Path(run) if run is not None else Path("runs") / recipe.name


def refuse_existing(path: StrPath, overwrite: bool) -> None:
    """Raise unless a new run may be written at `path`.

    Raises:
        RunError: A run is there and may not be overwritten, or something that is no run.
    """
    elsewhere, replace = "give --run another path", "add --resume to go on with it, --overwrite"
    files.refuse_existing(path, KIND, overwrite, elsewhere=elsewhere, replace=replace)
