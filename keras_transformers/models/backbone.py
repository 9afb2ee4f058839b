"""The contract of backbones: what task heads and fine-tuning need of a model."""

from typing import Any

import keras

from ..annotations import Tensor
from ..errors import RecipeError


class Backbone:
    """Abstract: a functional model with named inputs and outputs, whose vectors a task's head goes on from.

    It stands beside `keras.Model` among the bases, as `Decodable` does.
    Fine-tuning by depth, checkpoints and the drawing of attention find its parts by their names:

        embed    the layer from ids to vectors; its `position`, if any, may have a `max_length`
        encoder  the stack whose `blocks` are numbered from below; of a language model, its decoder
        pooler   the layer that makes the output `pooled`, if there is one
    """

    embed: Any
    encoder: Any

    @property
    def longest_input(self) -> int | None:
        """How many tokens it can read: as many as it has learnt positions; None where they have no end."""
        return getattr(getattr(self.embed, "position", None), "max_length", None)


def features(backbone: Any, name: str, needed_by: str) -> Tensor:
    """Return the output `name` of `backbone`, called on its own inputs, for a head to go on from.

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
    return backbone(backbone.input)[name]


def freeze_unread(model: Any) -> None:
    """Keep the pooler of a task's new model as it is, if nothing reads what it makes: it would get no gradient.

    Args:
        model: A task's model, whose backbone nobody else uses.
    """
    backbone = backbone_of(model)
    if backbone is None or backbone is model or getattr(backbone, "pooler", None) is None:
        return
    pooled = [id(tensor) for tensor in keras.tree.flatten(backbone.output)].index(id(backbone.output["pooled"]))
    read = [keras.tree.flatten(operation.input) for operation in model.operations]
    histories = [tensor._keras_history for tensors in [*read, keras.tree.flatten(model.output)] for tensor in tensors]
    if not any(history.operation is backbone and history.tensor_index == pooled for history in histories):
        backbone.pooler.trainable = False


def require_segments(backbone: Any, needed_by: str) -> None:
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


def backbone_of(model: Any) -> Any:
    """Return the `Backbone` that a model is, or has within it; None if there is none."""
    return next((layer for layer in (model, *model.layers) if isinstance(layer, Backbone)), None)


def longest_input(model: Any, otherwise: int = 512) -> int:
    """Return how many tokens a task's model can read.

    Args:
        model: A backbone, or a task's model around one.
        otherwise: What is returned where positions have no end.
    """
    backbone = backbone_of(model)
    return (None if backbone is None else backbone.longest_input) or otherwise


def with_head(backbone: Any, outputs: Any) -> keras.Model:
    """Return the model from the backbone's inputs to a head's outputs."""
    return keras.Model(backbone.input, outputs)
