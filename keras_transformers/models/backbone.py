"""What a task needs to know of the model under its head.

A backbone has the parts `embed` and `encoder`, and `pooler` if one of its outputs is `pooled`.
"""

import keras

from ..errors import RecipeError


def features(backbone, name, needed_by):
    """Return the output `name` of `backbone`, called on its own inputs, for a head to go on from.

    A pooler whose output nobody reads would get no gradient: it is kept as it is.

    Args:
        backbone: A functional Keras model with named inputs and outputs.
        name: `sequence` or `pooled`.
        needed_by: The task, for the error, such as `task/tagging`.

    Raises:
        RecipeError: The model has no such output.
    """
    if not isinstance(backbone.output, dict) or name not in backbone.output:
        kind = type(backbone).__name__
        raise RecipeError(f"`{needed_by}` needs a model with the output `{name}`, such as `model/bert`, not a {kind}.")
    if name != "pooled" and hasattr(backbone, "pooler"):
        backbone.pooler.trainable = False
    return backbone(backbone.input)[name]


def require_segments(backbone, needed_by):
    """Raise unless the model tells two texts apart.

    Args:
        backbone: A model.
        needed_by: What reads pairs, for the error, such as `task/question_answering`.

    Raises:
        RecipeError: It has one segment only.
    """
    segments = getattr(backbone, "segments", 2)
    if segments < 2:
        raise RecipeError(f"`{needed_by}` reads two texts: `model.segments` must be at least 2, but is {segments}.")


def backbone_of(model):
    """Return the model itself, or the one within it, that has `embed` and `encoder`; None if none has."""
    return next((one for one in (model, *model.layers) if hasattr(one, "embed") and hasattr(one, "encoder")), None)


def longest_input(model, otherwise=512):
    """Return how many tokens a task's model can read: as many as it has learnt positions.

    Args:
        model: A backbone, or a task's model around one.
        otherwise: What is returned where positions have no end.
    """
    position = getattr(getattr(backbone_of(model), "embed", None), "position", None)
    return getattr(position, "max_length", None) or otherwise


def with_head(backbone, outputs):
    """Return the model from the backbone's inputs to a head's outputs."""
    return keras.Model(backbone.input, outputs)
