"""Records the attention weights that layers compute in `normalize`.

B batch, H heads, T queries, S keys.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from keras import ops

from ...annotations import Layer, Tensor
from ...errors import RunError

PLACES = (
    ("encoder", "encoder", "attention"),
    ("decoder", "decoder", "attention"),
    ("cross", "decoder", "cross_attention"),
)
"""Each kind of attention, the stack that it is in, and its name in a block."""


def attentions(model: Any) -> dict[str, list[Layer]]:
    """Return the attention layers of a model's blocks, a list for each kind that it has."""
    found: dict[str, list[Layer]] = {}
    for kind, stack, name in PLACES:
        if stack == "encoder" and getattr(model, "encoder", None) is getattr(model, "decoder", None):
            continue  # of a language model
        blocks = getattr(getattr(model, stack, None), "blocks", [])
        layers = [layer for block in blocks if (layer := getattr(block, name, None)) is not None]
        if layers:
            found[kind] = layers
    return found


@contextlib.contextmanager
def recording(layers: Sequence[Layer]) -> Iterator[list[Any]]:
    """Yield a list that holds, once the layers have been called, the weights (H, T, S) of each.

    `normalize` is where any attention, a subclass of the user's too, makes its weights; it is replaced
    in the instance, so that the class and other models are as they were. The layers must be called
    eagerly, with one text.

    Raises:
        RunError: A layer has no `normalize`, or did not call it.
    """
    for layer in layers:
        if not callable(getattr(layer, "normalize", None)):
            raise RunError(f"{_attention(layer)} has no method `normalize(scores, mask)`.")
    weights: list[Any] = [None] * len(layers)
    try:
        for number, layer in enumerate(layers):
            layer.__dict__["normalize"] = _keeping(layer.normalize, weights, number)
        yield weights
    finally:
        for layer in layers:
            layer.__dict__.pop("normalize", None)
    for layer, seen in zip(layers, weights):
        if seen is None:
            raise RunError(f"{_attention(layer)} did not call its method `normalize(scores, mask)`.")
        if not np.isfinite(seen).all():
            raise RunError(f"{_attention(layer)} gives weights that are not all finite numbers.")


def _keeping(
    normalize: Callable[[Tensor, Tensor], Tensor], weights: list[Any], number: int
) -> Callable[[Tensor, Tensor], Tensor]:
    def record(scores: Tensor, mask: Tensor) -> Tensor:
        result = normalize(scores, mask)
        weights[number] = np.asarray(ops.convert_to_numpy(result)[0], "float32")
        return result

    return record


def _attention(layer: Layer) -> str:
    return f"The attention weights of `{type(layer).__name__}` cannot be seen: it"
