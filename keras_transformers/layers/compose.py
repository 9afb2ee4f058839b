"""Helpers for injected layers: cloning, deserializing, building and keeping them as templates."""

from typing import Any

import keras

from ..annotations import Layer, Shape


def clone(layer: Layer, **changes: Any) -> Layer:
    """Return a new layer with the configuration of `layer` but for `changes`, and weights of its own."""
    config = {**layer.get_config(), **changes}
    config.pop("name", None)
    return type(layer).from_config(config)


def revive(config: Any) -> Layer:
    """Return the layer of a serialized `config`; layers and None pass through."""
    return keras.saving.deserialize_keras_object(config) if isinstance(config, dict) else config


def width_of(shape: Shape) -> int:
    """Return the last size of a shape, the width of vectors, from which the sizes of weights follow.

    Raises:
        ValueError: It is not known.
    """
    width = shape[-1]
    if width is None:
        raise ValueError(f"The last size of the inputs must be known, but their shape is {tuple(shape)}.")
    return width


def build_once(layer: Layer, *shapes: Shape) -> None:
    """Build `layer`, unless reloading a saved model has built it already."""
    if not layer.built:
        layer.build(*shapes)


def keep(owner: Layer, name: str, template: Layer) -> None:
    """Make `template` the attribute `name` of a layer, to be copied from and never a part of it.

    Keras takes any layer that is assigned to an attribute for a part: `quantize` stops at one that is not built, and
    `summary` counts it.
    """
    object.__setattr__(owner, name, template)
