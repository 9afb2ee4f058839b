"""Fine-tuning by depth: frozen blocks, and layer-wise learning rate decay.

The parts of a backbone are `embed` and `encoder`, whose `blocks` are numbered from below.
"""

from typing import Any

import keras

from ..errors import RecipeError
from ..models.backbone import backbone_of
from ..signature import Fraction, Has, Natural, Need, register
from .adaptation import Adaptation


@register("adaptation", "freeze")
class Freeze(Adaptation):
    """The embeddings and the lowest blocks of the encoder are kept as they are.

    Args:
        blocks: How many; 0: the embeddings alone. If there are fewer, all of them.
    """

    def __init__(self, blocks: Natural) -> None:
        self.blocks = blocks

    def apply(self, model: keras.Model, optimizer: keras.optimizers.Optimizer) -> list[str]:
        return freeze(model, self.blocks)


@register("adaptation", "layer_decay")
class LayerDecay(Adaptation):
    """Learning rates that fall with depth, from each block to the one beneath it, and to the embeddings.

    Reference: Howard and Ruder 2018, https://arxiv.org/abs/1801.06146

    Args:
        factor: On the rate, from one block to the next.
    """

    needs = (Need("training.optimizer", Has("gives", "rate_scales")),)

    def __init__(self, factor: Fraction) -> None:
        self.factor = factor

    def apply(self, model: keras.Model, optimizer: keras.optimizers.Optimizer) -> list[str]:
        scale_rates(optimizer, model, self.factor)
        return []


def freeze(model: keras.Model, blocks: int) -> list[str]:
    """Keep the embeddings and the lowest `blocks` blocks of the encoder from being trained.

    Args:
        model: A backbone, or a task's model around one.
        blocks: How many; 0: the embeddings alone. If there are fewer, all of them.

    Returns:
        A list of sentences for the user: that there are fewer blocks.
    """
    backbone = _backbone(model)
    for part in (backbone.embed, *backbone.encoder.blocks[:blocks]):
        part.trainable = False
    there = len(backbone.encoder.blocks)
    if blocks <= there:
        return []
    return [f"`training.freeze` is {blocks}, but the encoder has {there} blocks: all are kept as they are."]


def decayed_rates(model: keras.Model, decay: float) -> dict[str, float]:
    """Return `{variable.path: factor}`: `decay` to the power of the distance from the top block.

    The topmost block has the factor `decay`, the one beneath it its square, and so on down to the
    embeddings; what is above the blocks is not in it, and learns at the full rate.

    Reference: Howard and Ruder 2018, https://arxiv.org/abs/1801.06146; Clark et al. 2020,
    https://arxiv.org/abs/2003.10555

    Args:
        model: A backbone, or a task's model around one.
        decay: Factor from 0 to 1.
    """
    backbone = _backbone(model)
    layers = [backbone.embed, *backbone.encoder.blocks]
    return {
        variable.path: decay ** (len(layers) - height)
        for height, layer in enumerate(layers)
        for variable in layer.trainable_variables
    }


def scale_rates(optimizer: Any, model: keras.Model, decay: float) -> None:
    """Make the optimizer's learning rate fall with depth, as `decayed_rates` says.

    Raises:
        RecipeError: The optimizer has one rate for all variables.
    """
    if not hasattr(optimizer, "rate_scales"):
        raise RecipeError(
            f"`training.layer_decay` needs an optimizer with `rate_scales`, such as `optimizer/adamw`, but "
            f"`training.optimizer` is a {type(optimizer).__name__}."
        )
    optimizer.rate_scales = decayed_rates(model, decay)


def _backbone(model: keras.Model) -> Any:
    found = backbone_of(model)
    if found is None:
        raise RecipeError("`training.freeze` and `training.layer_decay` need a model with an encoder, but it has none.")
    return found
