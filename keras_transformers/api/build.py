"""`kt.build`: from a recipe to a `keras.Model`."""

from typing import TYPE_CHECKING

from ..recipe import load
from ..recipe.overrides import Overrides
from ..recipe.recipe import AnyRecipe
from ..runs.model import new_model, vocab_sizes

if TYPE_CHECKING:
    import keras


def build(recipe: AnyRecipe, overrides: Overrides = ()) -> "keras.Model":
    """Return the `keras.Model` of a recipe, its task's head included, ready for `compile` and `fit`.

    Its weights are those of the checkpoint that the recipe names in `weights`, and so is its vocabulary; what the
    checkpoint leaves out is new, which is told on standard error. It computes as the recipe's `training.precision`
    says; `auto`, which training settles, leaves Keras's own dtype policy.

    Args:
        recipe: A shipped recipe's name, a path to a YAML file, a dict, or a loaded recipe.
        overrides: `{"model.dim": 128}` or `["model.dim=128"]`, applied last.

    Raises:
        RecipeError: The recipe has problems; the message lists them all.
        CheckpointError: The checkpoint cannot be read, or does not fit the model.
    """
    recipe = load(recipe, overrides)
    if recipe.tree.get("weights") is None:
        return new_model(recipe)
    from ..runs.notes import tell
    from ..weights import open_checkpoint

    checkpoint = open_checkpoint(recipe.tree["weights"])
    tokenizer, notes = checkpoint.tokenizer_for(recipe.tree.get("tokenizer"))
    model = new_model(recipe, {"tokenizer": tokenizer, **vocab_sizes(checkpoint.recipe())})
    tell([*checkpoint.notes(), *notes, *checkpoint.load(model, recipe.tree.get("task") or {})])
    return model
