"""Example parameters and calls for checking components.

Sizes are distinct primes, so that a swapped axis fails. The width D is twice a prime, since sinusoidal positions need
an even one. B batch, T target length, S source length, D model width, H heads, K head width.
"""

from dataclasses import dataclass, field

import keras
import numpy as np

from .. import registry
from ..registry.assemble import assemble

B, T, S = 3, 5, 7
D, H, K = 26, 2, 11
SIZES = {"dim": D, "heads": H, "head_dim": K, "hidden_dim": 17, "vocab_size": 19,
         "max_length": 23, "layers": 2, "steps": 97}  # fmt: skip
"""Values of parameters by their names; a required parameter of another name must be given."""

OTHERS = {"dropout": 0.37, "epsilon": 1e-3, "activation": "gelu"}
"""Values other than the defaults, by name."""

LAYER_SLOTS = (
    "attention", "alignment", "position", "feed_forward", "norm", "encoder_block", "decoder_block", "encoder",
    "decoder", "embedding",
)  # fmt: skip


@dataclass(frozen=True)
class Call:
    """Arguments to call a layer with: arrays that come first, and arrays by keyword."""

    arrays: list
    named: dict = field(default_factory=dict)

    def of(self, layer, **options):
        """Return what the layer answers."""
        return layer(*self.arrays, **self.named, **options)

    def inputs(self, known):
        """Return Keras inputs like the arrays, of the same shape or, if not `known`, of any batch and length."""

        def like(array):
            width = array.shape[-1:] if array.ndim == 3 else ()
            shape = array.shape if known else (None,) * (array.ndim - len(width)) + width
            return keras.Input(batch_shape=shape, dtype=str(array.dtype))

        return Call([like(array) for array in self.arrays], {name: like(array) for name, array in self.named.items()})

    @property
    def values(self):
        """All arrays, in the order of a model's inputs."""
        return [*self.arrays, *self.named.values()]

    def cut(self, length):
        """Return the call with sequences of this length."""

        def part(array):
            return array[:length] if array.ndim == 1 else array[:, :length]

        return Call([part(array) for array in self.arrays], {name: part(array) for name, array in self.named.items()})


def random(*shape):
    """Return normal numbers, the same for the same shape."""
    return np.random.default_rng(shape).normal(size=shape).astype("float32")


def calls(slot):
    """Return the calls that a layer of the slot must answer, by name."""
    x, memory = random(B, T, D), random(B, S, D)
    real = np.arange(S) < np.array([[S], [S - 2], [S - 3]])  # (B, S): what is not padding
    ids = np.random.default_rng(0).integers(0, SIZES["vocab_size"], (B, T)).astype("int32")
    return {
        "attention": {
            "self": Call([x]),
            "cross": Call([x, memory]),
            "cross_masked": Call([x, memory], {"mask": real}),
        },
        "alignment": {"cross": Call([x, memory]), "cross_masked": Call([x, memory], {"mask": real})},
        "position": {"call": Call([x, np.arange(T, dtype="int32")])},
        "feed_forward": {"call": Call([x])},
        "norm": {"call": Call([x])},
        "encoder_block": {"call": Call([memory], {"mask": real})},
        "encoder": {"call": Call([memory], {"mask": real})},
        "decoder_block": {"call": Call([x, memory], {"memory_mask": real})},
        "decoder": {"call": Call([x, memory], {"memory_mask": real})},
        "embedding": {"call": Call([ids])},
    }[slot]


def spec(slot, name, changed=False):
    """Return parameters for the component: those it needs or, if `changed`, others than all its defaults."""
    parameters = registry.describe(slot, name).parameters.values()
    return {"type": name, **{parameter.name: value(parameter, changed) for parameter in parameters}}


def value(parameter, changed=False):
    """Return a value for a registry `Parameter`.

    Raises:
        AssertionError: None is known.
    """
    if parameter.slot:
        name = registry.names(parameter.slot)[-1 if changed else 0]
        return spec(parameter.slot, name, changed) if parameter.required or changed else parameter.default
    if parameter.name in SIZES:
        return SIZES[parameter.name]
    if not changed and not parameter.required:
        return parameter.default
    if parameter.type == "bool":
        return not parameter.default
    if parameter.choices:
        return next(choice for choice in parameter.choices if choice != parameter.default)
    if parameter.name in OTHERS:
        return OTHERS[parameter.name]
    if not parameter.required:
        return parameter.default
    raise AssertionError(f"a value for its parameter `{parameter.name}` is not known: give it in `arguments`.")


def argument(parameter, arguments):
    """Return what a constructor is given for a registry `Parameter`: the caller's argument, else an example."""
    if parameter.name in arguments:
        return arguments[parameter.name]
    found = value(parameter)
    return assemble(parameter.slot, found) if parameter.slot and isinstance(found, dict) else found


def perturb(layer):
    """Add noise to each weight, so that no bias is zero and no scale is one; return the layer."""
    for number, weight in enumerate(layer.trainable_weights):
        noise = np.random.default_rng(number).normal(scale=0.1, size=weight.shape)
        weight.assign(weight + noise.astype(weight.dtype))
    return layer


def array(tensor):
    """Return a tensor as a NumPy array, bfloat16 as float32."""
    if keras.backend.standardize_dtype(tensor.dtype) == "bfloat16":
        tensor = keras.ops.cast(tensor, "float32")
    return keras.ops.convert_to_numpy(tensor)
