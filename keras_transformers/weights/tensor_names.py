"""Names of all tensors of a model, independent of its layers' classes.

A tensor's name is its path through the attributes, `encoder.blocks.0.attention.query.kernel`; one
of a task's head begins with `head.` and the head's name. Keras's own paths hold counters that
differ from model to model.
"""

import re
from dataclasses import dataclass

import keras

from ..errors import CheckpointError
from ..models.bert import Bert
from ..signature import registrations

HEAD = "head."
POOLER = "pooler"
PARTS = ("embed", "decoder", "encoder", POOLER)


@dataclass(frozen=True, eq=False)
class Place:
    """Where one tensor belongs.

    Args:
        name: Path through the attributes.
        variable: The Keras variable.
        stored: Path in the weights file that Keras writes: of the backbone, from the backbone's folder; of a head,
            from the head's.
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
        """The part of the model that it is in: `embed`, `encoder`, `pooler`, a layer's name, or a head's."""
        return self.name.removeprefix(HEAD).partition(".")[0]


def backbone_of(model, kind=Bert):
    """Return the model of a class that a model is, or that a task's head stands on.

    Args:
        model: A `keras.Model`.
        kind: The class.

    Raises:
        CheckpointError: It has none.
    """
    for one in (model, *getattr(model, "layers", ())):
        if isinstance(one, kind):
            return one
    raise CheckpointError(f"The checkpoint is of {_called(kind)}, but the model is {_called(type(model))}.")


def _called(kind):
    """Return what recipes call a class of models, or its own name."""
    return next((f"`{known.slot}/{known.name}`" for known in registrations(kind)), f"a `{kind.__name__}`")


def places(model, kind=Bert):
    """Return {name: `Place`} of every weight of a model, with or without a task's head.

    Args:
        model: A `keras.Model`.
        kind: The class of what a head stands on.

    Raises:
        CheckpointError: It has none of that class.
    """
    backbone = backbone_of(model, kind)
    names = {id(getattr(backbone, part)): part for part in PARTS if hasattr(backbone, part)}
    found = {}
    for stored, layer in stored_layers(backbone.layers):
        _note(found, walk(layer, names.get(id(layer), layer.name), f"layers/{stored}"))
    if model is not backbone:
        for layer in model.layers:
            if layer is not backbone:
                _note(found, walk(layer, HEAD + layer.name, "."))
    return {place.name: place for place in found.values()}


def stored_layers(layers):
    """Yield the folder in Keras's weights file, such as `linear_1`, and the layer, of a list of layers."""
    used = {}
    for layer in layers:
        yield unique(snake_case(type(layer).__name__), used), layer


def unique(name, used):
    """Return the name with a number if it was used before; `used` counts."""
    count = used.get(name, 0)
    used[name] = count + 1
    return f"{name}_{count}" if count else name


def _note(found, weights):
    """Add to `found`, by the variable's identity, its path in a weights file, the first, and its name, the last.

    Of `block` and `blocks.0` the last says more. What a part holds of an earlier one, such as the embedding that
    the output is tied to, stays the earlier one's.
    """
    for name, stored, variable in weights:
        earlier = found.get(id(variable))
        if earlier is None:
            found[id(variable)] = Place(name, variable, stored)
        elif earlier.part == (place := Place(name, variable, earlier.stored)).part and earlier.is_head == place.is_head:
            found[id(variable)] = place


def walk(layer, name, stored):
    """Yield (name, path in a weights file, variable) of a layer's weights, in the order in which Keras stores them."""
    children = list(_children(layer))
    inner = {id(weight) for *_, child in children for weight in child.weights}
    own = [weight for weight in layer.weights if id(weight) not in inner]
    for index, weight in enumerate(own):
        yield f"{name}.{weight.name}", f"{stored}/vars/{index}".removeprefix("./"), weight
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


def snake_case(name):
    """Return the name of a class as Keras writes it into weights files."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()
