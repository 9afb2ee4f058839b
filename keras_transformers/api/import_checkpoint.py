"""Imports another library's checkpoint as a run directory."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .. import recipe as recipes
from ..errors import CheckpointError, RecipeError
from ..files import StrPath, refuse_existing, replacing, write_json, writing
from ..recipe.overrides import Overrides
from ..recipe.recipe import Recipe
from ..runs.model import new_model
from ..runs.run import KIND, Run
from ..weights.checkpoint_format import CheckpointFormat
from ..weights.open import open_checkpoint
from ..weights.settings import shown


def import_checkpoint(path: Any, directory: StrPath, overwrite: bool = False, overrides: Overrides = ()) -> Run:
    """Write a run directory of a checkpoint's model and tokenizer, and return its `Run`.

    Args:
        path: As for `open_checkpoint`; not a backbone in memory, which has no vocabulary.
        directory: The run directory to make.
        overwrite: Replace a run that is there.
        overrides: `["tokenizer.lowercase=false"]` or `{"tokenizer.lowercase": False}`, where the checkpoint says
            otherwise or does not say it.

    Raises:
        CheckpointError: The checkpoint cannot be read.
        RecipeError: An override is none that the recipe of the run can hold.
        RunError: The directory is taken, or cannot be written.
    """
    import keras
    import tensorflow as tf

    directory = Path(directory)
    refuse_existing(directory, KIND, overwrite)
    checkpoint = open_checkpoint(path)
    recipe, told = _recipe(checkpoint, overrides)
    with replacing(directory) as folder, writing(directory):
        run = Run(folder)
        run.tokenizer_folder.mkdir(parents=True, exist_ok=True)
        checkpoint.write_tokenizer(run.tokenizer_folder)
        run.write_recipe(recipe)
        model = new_model(recipe)
        notes = [*told, *checkpoint.load(model)]
        model.save(run.model_file)
        report = {
            "recipe": recipe.name,
            "parameters": model.count_params(),
            "weights": f"imported from {checkpoint.path.absolute()}",
            "notes": notes,
            "versions": {"keras": keras.__version__, "tensorflow": tf.__version__},
        }
        write_json(run.report_file, report)
    return Run(directory)


def _recipe(checkpoint: CheckpointFormat, overrides: Overrides) -> tuple[Recipe, list[str]]:
    """Return the recipe of a checkpoint, and sentences on what of its settings is not done as it says.

    Raises:
        CheckpointError: The checkpoint's own settings make no recipe; its path is named.
        RecipeError: The overrides do not fit it.
    """
    try:
        recipe = recipes.load({"summary": f"Imported from {checkpoint.path.name}", **checkpoint.recipe()})
    except RecipeError as error:
        problems = "; ".join(f"`{problem.path}`: {problem.message}" for problem in error.problems)
        raise CheckpointError(f"{checkpoint.path} makes no recipe: {problems}") from None
    changed, guesses, notes = recipe.with_overrides(overrides), checkpoint.guesses(), checkpoint.notes()
    for key in [key for key in guesses if key not in _settled(overrides)]:
        notes.append(guesses.pop(key))
    before, after = recipe.tree["tokenizer"] or {}, changed.tree["tokenizer"] or {}
    for key, value in after.items():
        if value != before.get(key) and key not in guesses:
            notes.append(
                f"`tokenizer.{key}` is {shown(value)}, as was asked for; {checkpoint.path} says "
                f"{shown(before.get(key))}."
            )
    return changed, notes


def _settled(overrides: Overrides) -> set[str]:
    """Return the parameters of the tokenizer that overrides give."""
    if isinstance(overrides, Mapping):
        keys = [key for key, value in overrides.items() if not isinstance(value, Mapping)]
        keys += [f"{key}.{name}" for key, value in overrides.items() if isinstance(value, Mapping) for name in value]
    else:
        texts = [overrides] if isinstance(overrides, str) else overrides
        keys = [text.partition("=")[0].strip() for text in texts]
    return {key.removeprefix("tokenizer.") for key in keys if key.startswith("tokenizer.")}
