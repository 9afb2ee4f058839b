"""The model of a recipe, its task's head included."""

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .. import registry
from ..errors import RecipeError
from ..recipe.overrides import Overrides
from ..recipe.recipe import AnyRecipe
from ..registry.assemble import assemble, values

if TYPE_CHECKING:
    import keras


def new_model(recipe: AnyRecipe, overrides: Overrides = ()) -> "keras.Model":
    """Return what `build` does, with weights that are all new, whatever checkpoint the recipe names."""
    import keras

    from ..recipe import load

    recipe = load(recipe, overrides)
    training = recipe.tree.get("training") or {}
    keras.utils.set_random_seed(recipe.tree.get("seed") or 0)
    with dtype_policy(training.get("precision")):
        given = {**values(recipe.tree), **_known_vocab_sizes(recipe.tree)}
        backbone = assemble("model", recipe.tree["model"], given)
        return _with_head(backbone, recipe.tree.get("task"))


def _with_head(backbone: Any, spec: dict[str, Any] | None) -> Any:
    """Return the model of a task; a task that adds nothing is not assembled, which may need TensorFlow."""
    from ..models.backbone import freeze_unread
    from ..tasks.task import Task

    if spec is None or registry.resolve("task", spec["type"]).model is Task.model:
        return backbone
    model = assemble("task", spec).model(backbone)
    freeze_unread(model)
    return model


def _known_vocab_sizes(tree: dict[str, Any]) -> dict[str, Any]:
    """Return the sizes of vocabularies that the model takes by default, by their path."""
    parameters = registry.describe("model", tree["model"]["type"]).parameters
    sizes = {"model.vocab_size": vocab_size(tree)}
    found = [("vocab_size", "target", sizes["model.vocab_size"])]
    if "source" in (tree.get("tokenizer") or {}):
        source = _size_of(tree["tokenizer"]["source"])
        sizes["tokenizer.source.vocab_size"] = source
        found.append(("source_vocab_size", "source", tree["model"].get("source_vocab_size") or source))
    for name, side, size in found:
        if size is None and name in parameters:
            spec = tree.get("tokenizer") or {}
            kind = spec.get(side, spec).get("type")
            why = f"`tokenizer/{kind}` says it only once it is trained" if kind else "there is no `tokenizer`"
            raise RecipeError(f"`model.{name}` is missing, and {why}: give it, such as --set model.{name}=8000.")
    return sizes


def vocab_size(tree: dict[str, Any]) -> int | None:
    """Return the vocabulary size that a recipe settles before any tokenizer is trained: that of what is said."""
    spec = tree.get("tokenizer") or {}
    return tree["model"].get("vocab_size") or _size_of(spec.get("target", spec))


def vocab_sizes(tree: dict[str, Any]) -> dict[str, int]:
    """Return `{path: size}` of the vocabularies that a recipe's model has, those of both sides if they differ."""
    sizes = {"vocab_size": vocab_size(tree), "source_vocab_size": tree["model"].get("source_vocab_size")}
    return {f"model.{name}": size for name, size in sizes.items() if size is not None}


def _size_of(tokenizer: dict[str, Any]) -> int | None:
    return tokenizer.get("vocab_size")


@contextlib.contextmanager
def dtype_policy(name: str | None) -> Iterator[None]:
    """Make `name` Keras's dtype policy for a while; None leaves it, and so does `auto`, which only training settles."""
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(before if name in (None, "auto") else name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
