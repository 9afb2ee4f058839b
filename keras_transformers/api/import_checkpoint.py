"""A checkpoint of others becomes a run directory."""

from pathlib import Path

from .. import recipe as recipes
from ..errors import CheckpointError, RecipeError
from ..files import refuse_existing, replacing, write_json, writing
from ..runs.model import new_model
from ..runs.run import KIND, Run
from ..weights.open import open_checkpoint


def import_checkpoint(path, directory, overwrite=False):
    """Write a run directory of a checkpoint's model and tokenizer, and return its `Run`.

    Args:
        path: As for `open_checkpoint`; not a backbone in memory, which has no vocabulary.
        directory: The run directory to make.
        overwrite: Replace a run that is there.

    Raises:
        CheckpointError: The checkpoint cannot be read.
        RunError: The directory is taken, or cannot be written.
    """
    import keras
    import tensorflow as tf

    directory = Path(directory)
    refuse_existing(directory, KIND, overwrite)
    checkpoint = open_checkpoint(path)
    recipe = _recipe(checkpoint)
    with replacing(directory) as folder, writing(directory):
        run = Run(folder)
        checkpoint.write_tokenizer(run.tokenizer_folder)
        run.write_recipe(recipe)
        model = new_model(recipe)
        notes = checkpoint.load(model)
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


def _recipe(checkpoint):
    """Return the recipe of a checkpoint, named by its path where it is wrong."""
    try:
        return recipes.load({"summary": f"Imported from {checkpoint.path.name}", **checkpoint.recipe()})
    except RecipeError as error:
        problems = "; ".join(f"`{one.path}`: {one.message}" for one in error.problems)
        raise CheckpointError(f"{checkpoint.path} makes no recipe: {problems}") from None
