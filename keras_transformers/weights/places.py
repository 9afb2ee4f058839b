"""The name of every tensor of a BERT, whoever made its layers.

A tensor's name is its path through the attributes, `encoder.blocks.0.attention.query.kernel`; one
of a task's head begins with `head.` and the head's name. Keras's own paths hold counters that
differ from model to model.
"""

import re
from dataclasses import dataclass

import keras

from ..errors import CheckpointError
from ..models.bert import Bert

HEAD = "head."


@dataclass(frozen=True, eq=False)
class Place:
    """Where one tensor belongs.

    Args:
        name: Path through the attributes.
        variable: The Keras variable.
        stored: Path in the weights file that Keras writes; the backbone's from the backbone, a head's from the head.
    """

    name: str
    variable: keras.Variable
    stored: str

    @property
    def shape(self):
        """The shape, as a tuple."""
        return tuple(self.variable.shape)


def backbone_of(model):
    """Return the `Bert` of a model: the model itself, or the one that a task's head stands on.

    Raises:
        CheckpointError: It has none.
    """
    for one in (model, *getattr(model, "layers", ())):
        if isinstance(one, Bert):
            return one
    raise CheckpointError(f"A checkpoint of BERT fills `model/bert`, but the model is {type(model).__name__}.")


def places(model):
    """Return {name: `Place`} of every weight of a BERT, with or without a task's head."""
    backbone = backbone_of(model)
    found = {}
    own = {id(backbone.embed): "embed", id(backbone.encoder): "encoder", id(backbone.pooler): "pooler"}
    for stored, layer in stored_layers(backbone.layers):
        if id(layer) in own:
            _note(found, _walk(layer, own[id(layer)], f"layers/{stored}"))
    heads = {}
    if model is not backbone:
        for layer in model.layers:
            if layer is not backbone:
                _note(heads, _walk(layer, HEAD + layer.name, ""))
    # A head may hold a layer of the backbone, such as the embedding that its output is tied to.
    everything = {**heads, **found}
    return {place.name: place for place in everything.values()}


def stored_layers(layers, class_name=lambda layer: type(layer).__name__):
    """Yield the name in Keras's weights file, such as `linear_1`, and the layer, of a list of layers."""
    used = {}
    for layer in layers:
        name = _snake_case(class_name(layer))
        count = used.get(name, 0)
        used[name] = count + 1
        yield (f"{name}_{count}" if count else name), layer


def _note(found, walk):
    """Add to `found`, by the variable's identity: its last name, and the path where Keras stores it, the first."""
    for name, stored, variable in walk:
        earlier = found.get(id(variable))
        found[id(variable)] = Place(name, variable, earlier.stored if earlier else stored)


def _walk(layer, name, stored):
    """Yield (name, path in a weights file, variable), in the order in which Keras stores them."""
    children = list(_children(layer))
    inner = {id(weight) for *_, child in children for weight in child.weights}
    own = [weight for weight in layer.weights if id(weight) not in inner]
    for index, weight in enumerate(own):
        yield f"{name}.{weight.name}", f"{stored}/vars/{index}".lstrip("/"), weight
    for attribute, path, child in children:
        yield from _walk(child, f"{name}.{attribute}", f"{stored}/{path}".lstrip("/"))


def _children(layer):
    """Yield (attribute, path in a weights file, layer) of the layers that a layer holds."""
    for attribute, value in sorted(vars(layer).items()):
        if attribute.startswith("_"):
            continue
        if isinstance(value, keras.layers.Layer):
            yield attribute, attribute, value
        elif isinstance(value, (list, tuple)) and all(isinstance(one, keras.layers.Layer) for one in value):
            for index, (stored, child) in enumerate(stored_layers(value)):
                yield f"{attribute}.{index}", f"{attribute}/{stored}", child


def _snake_case(name):
    """Return the name of a class as Keras writes it into weights files."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()
