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
POOLER = "pooler"


@dataclass(frozen=True, eq=False)
class Place:
    """Where one tensor belongs.

    Args:
        name: Path through the attributes.
        variable: The Keras variable.
        stored: Path in the weights file that Keras writes of the whole model.
    """

    name: str
    variable: keras.Variable
    stored: str

    @property
    def shape(self):
        """The shape, as a tuple."""
        return tuple(self.variable.shape)

    @property
    def is_head(self):
        """Whether it belongs to a task's head."""
        return self.name.startswith(HEAD)

    @property
    def part(self):
        """The part of the model that it is in: `embed`, `encoder`, `pooler`, or a head's name."""
        return self.name.removeprefix(HEAD).partition(".")[0]


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
    names = {id(backbone.embed): "embed", id(backbone.encoder): "encoder", id(backbone.pooler): POOLER}
    found = {}
    for stored, layer in stored_layers(model.layers):
        if layer is backbone:
            for inner, part in stored_layers(backbone.layers):
                if id(part) in names:
                    _note(found, walk(part, names[id(part)], f"layers/{stored}/layers/{inner}"))
        elif model is backbone:
            if id(layer) in names:
                _note(found, walk(layer, names[id(layer)], f"layers/{stored}"))
        else:
            _note(found, walk(layer, HEAD + layer.name, f"layers/{stored}"))
    return {place.name: place for place in found.values()}


def stored_layers(layers):
    """Yield the name in Keras's weights file, such as `linear_1`, and the layer, of a list of layers."""
    used = {}
    for layer in layers:
        name = _snake_case(type(layer).__name__)
        count = used.get(name, 0)
        used[name] = count + 1
        yield (f"{name}_{count}" if count else name), layer


def _note(found, weights):
    """Add to `found`, by the variable's identity, its path in a weights file, the first, and its name.

    The name is the last, `blocks.0` rather than `block`, but the backbone's where a head holds a
    layer of the backbone, such as the embedding that its output is tied to.
    """
    for name, stored, variable in weights:
        earlier = found.get(id(variable))
        if earlier and not earlier.is_head and name.startswith(HEAD):
            continue
        first = earlier.stored if earlier and not earlier.is_head else stored
        found[id(variable)] = Place(name, variable, first)


def walk(layer, name, stored):
    """Yield (name, path in a weights file, variable) of a layer's weights, in the order in which Keras stores them."""
    children = list(_children(layer))
    inner = {id(weight) for *_, child in children for weight in child.weights}
    own = [weight for weight in layer.weights if id(weight) not in inner]
    for index, weight in enumerate(own):
        yield f"{name}.{weight.name}", f"{stored}/vars/{index}", weight
    for attribute, path, child in children:
        yield from walk(child, f"{name}.{attribute}", f"{stored}/{path}")


def _children(layer):
    """Yield (attribute, path in a weights file, layer) of the layers that a layer holds."""
    for attribute, value in sorted(vars(layer).items()):
        if isinstance(value, keras.layers.Layer):
            yield attribute, attribute, value
        elif attribute.startswith("_"):
            continue  # Keras's own lists
        elif isinstance(value, (list, tuple)) and all(isinstance(one, keras.layers.Layer) for one in value):
            for index, (stored, child) in enumerate(stored_layers(value)):
                yield f"{attribute}.{index}", f"{attribute}/{stored}", child


def _snake_case(name):
    """Return the name of a class as Keras writes it into weights files."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()
