"""Handling layers that are passed in: copying, reviving, building and keeping them."""

import keras


def clone(layer):
    """Return a new layer with the configuration of `layer`, and weights of its own."""
    config = layer.get_config()
    config.pop("name", None)
    return type(layer).from_config(config)


def revive(config):
    """Return the layer of a serialized `config`; layers and None pass through."""
    return keras.saving.deserialize_keras_object(config) if isinstance(config, dict) else config


def build_once(layer, *shapes):
    """Build `layer`, unless reloading a saved model has built it already."""
    if not layer.built:
        layer.build(*shapes)


def keep(owner, name, template):
    """Make `template` the attribute `name` of a layer, to be copied from and never a part of it.

    Keras takes any layer that is assigned to an attribute for a part: `quantize` stops at one that is not built, and
    `summary` counts it.
    """
    object.__setattr__(owner, name, template)
