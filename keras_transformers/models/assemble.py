"""From a resolved recipe to objects: the only place where the registry meets the classes."""

import contextlib

from .. import registry

INHERITED = ("dim", "vocab_size")
"""A parameter of one of these names that a recipe leaves empty takes the model's value."""


def assemble(slot, spec, **given):
    """Return the component that `spec` describes, its own components assembled first.

    Args:
        slot: The slot that the component fills.
        spec: A map with `type` and parameters, from `Recipe.tree`; None gives None.
        given: Values for parameters of these names that the recipe leaves empty, at any depth.
    """
    if spec is None:
        return None
    parameters = registry.describe(slot, spec["type"]).parameters
    given = {**given, **{name: spec[name] for name in INHERITED if spec.get(name) is not None}}
    arguments = {}
    for name, parameter in parameters.items():
        value = spec.get(name, parameter.default)
        if value is None and name in given:
            value = given[name]
        arguments[name] = _argument(parameter, value, given)
    return registry.resolve(slot, spec["type"])(**arguments)


def _argument(parameter, value, given):
    if parameter.slot and isinstance(value, dict):
        return assemble(parameter.slot, value, **given)
    if parameter.items is not None and parameter.items.slot and value is not None:
        return [assemble(parameter.items.slot, item, **given) for item in value]
    return value


def build(recipe, overrides=()):
    """Return the `keras.Model` of a recipe, its task's head included, ready for `compile` and `fit`.

    Its weights are those of the checkpoint that the recipe names in `weights`, and so is its vocabulary; what the
    checkpoint leaves out is new, which is told on standard error.

    Args:
        recipe: A shipped recipe's name, a path to a YAML file, a dict, or a loaded recipe.
        overrides: `{"model.dim": 128}` or `["model.dim=128"]`, applied last.

    Raises:
        RecipeError: The recipe has problems; the message lists them all.
        CheckpointError: The checkpoint cannot be read, or does not fit the model.
    """
    from ..recipe import load

    recipe = load(recipe, overrides)
    if recipe.tree.get("weights") is None:
        return new_model(recipe)
    from ..notes import tell
    from ..weights import open_checkpoint

    checkpoint = open_checkpoint(recipe.tree["weights"])
    stored = checkpoint.recipe()
    model = new_model(recipe, {"tokenizer": stored["tokenizer"], "model.vocab_size": vocab_size(stored)})
    tell(checkpoint.load(model, recipe.tree.get("task") or {}))
    return model


def new_model(recipe, overrides=()):
    """Return what `build` does, with weights that are all new, whatever checkpoint the recipe names."""
    import keras

    from ..recipe import load

    recipe = load(recipe, overrides)
    training = recipe.tree.get("training") or {}
    keras.utils.set_random_seed(recipe.tree.get("seed") or 0)
    with dtype_policy(training.get("precision")):
        backbone = assemble("model", recipe.tree["model"], vocab_size=vocab_size(recipe.tree))
        return _with_head(backbone, recipe.tree.get("task"))


def _with_head(backbone, spec):
    """Return the model of a task; a task that adds nothing is not assembled, which may need TensorFlow."""
    from ..tasks.task import Task

    if spec is None or registry.resolve("task", spec["type"]).model is Task.model:
        return backbone
    return assemble("task", spec).model(backbone)


def vocab_size(tree):
    """Return the vocabulary size that a recipe settles before any tokenizer is trained."""
    return tree["model"].get("vocab_size") or (tree.get("tokenizer") or {}).get("vocab_size")


@contextlib.contextmanager
def dtype_policy(name):
    """Make `name` Keras's dtype policy for a while; None leaves it."""
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name or before)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
