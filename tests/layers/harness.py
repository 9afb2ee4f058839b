"""What the tests of layers share: examples of every registered component, and ways to call them.

Sizes are distinct primes, so that a swapped axis fails. The width D is twice a prime, since sinusoidal
positions need an even one.
"""

from dataclasses import dataclass, field

import keras
import numpy as np

from keras_transformers import registry
from keras_transformers.registry.assemble import assemble

B, T, S = 3, 5, 7  # batch, target length, source length
D, H, K = 26, 2, 11  # model width, heads, head width
SIZES = {"dim": D, "heads": H, "head_dim": K, "hidden_dim": 17, "vocab_size": 19, "max_length": 23, "layers": 2}
OTHERS = {"dropout": 0.37, "epsilon": 1e-3, "activation": "gelu"}
"""Values other than the defaults; a new parameter of a registered layer is added here or above."""

SLOTS = (
    "attention", "position", "feed_forward", "norm", "encoder_block", "decoder_block", "encoder", "decoder",
    "embedding",
)  # fmt: skip


@dataclass(frozen=True)
class Call:
    """Arguments to call a layer with: arrays that come first, and arrays by keyword."""

    arrays: list
    named: dict = field(default_factory=dict)

    def of(self, layer, **options):
        return layer(*self.arrays, **self.named, **options)

    def inputs(self, known):
        """Return Keras inputs like the arrays, of the same shape or, if not `known`, of any batch and length."""

        def like(array):
            width = array.shape[-1:] if array.ndim == 3 else ()
            shape = array.shape if known else (None,) * (array.ndim - len(width)) + width
            return keras.Input(batch_shape=shape, dtype=str(array.dtype))

        return Call([like(one) for one in self.arrays], {name: like(one) for name, one in self.named.items()})


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
        "position": {"call": Call([x, np.arange(T, dtype="int32")])},
        "feed_forward": {"call": Call([x])},
        "norm": {"call": Call([x])},
        "encoder_block": {"call": Call([memory], {"mask": real})},
        "encoder": {"call": Call([memory], {"mask": real})},
        "decoder_block": {"call": Call([x, memory], {"memory_mask": real})},
        "decoder": {"call": Call([x, memory], {"memory_mask": real})},
        "embedding": {"call": Call([ids])},
    }[slot]


def components():
    """Return (slot, name) of every built-in component of the slots."""
    found = [(slot, name) for slot in SLOTS for name in registry.names(slot)]
    return [one for one in found if registry.describe(*one).origin == "built-in"]


def spec(slot, name, changed=False):
    """Return parameters for the component: those it needs or, if `changed`, others than all its defaults."""
    parameters = registry.describe(slot, name).parameters.values()
    return {"type": name, **{one.name: _value(one, changed) for one in parameters}}


def _value(parameter, changed):
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
        return next(one for one in parameter.choices if one != parameter.default)
    return OTHERS[parameter.name]


def make(slot, description, seed=1):
    """Return the layer of a description, the same weights for the same seed."""
    keras.utils.set_random_seed(seed)
    return assemble(slot, description)


def transformer(norm_order="post", **changes):
    """Return a small Transformer, its weights moved away from zeros and ones."""
    block = {"norm_order": norm_order}
    model = {
        "type": "transformer",
        "dim": D,
        "vocab_size": SIZES["vocab_size"],
        "embedding": {"type": "scaled"},
        "position": {"type": "sinusoidal"},
        "encoder": {**spec("encoder", "encoder"), "block": {**spec("encoder_block", "encoder_block"), **block}},
        "decoder": {**spec("decoder", "decoder"), "block": {**spec("decoder_block", "decoder_block"), **block}},
    }
    return perturb(make("model", {**model, **changes}))


def perturb(layer):
    """Add noise to each weight, so that no bias is zero and no scale is one; return the layer."""
    for number, weight in enumerate(layer.trainable_weights):
        noise = np.random.default_rng(number).normal(scale=0.1, size=weight.shape)
        weight.assign(array(weight.value) + noise)
    return layer


def copy(source, target):
    """Give the trained weights of one layer to another."""
    for old, new in zip(source.trainable_weights, target.trainable_weights, strict=True):
        new.assign(old.value)


def array(tensor):
    """Return a tensor as a NumPy array, bfloat16 as float32."""
    if keras.backend.standardize_dtype(tensor.dtype) == "bfloat16":
        tensor = keras.ops.cast(tensor, "float32")
    return keras.ops.convert_to_numpy(tensor)


def gradients(layer, call):
    """Return the gradient of a random projection of the outputs, by the path of each trained weight."""
    probe = random(*call.of(layer).shape)
    weights = layer.trainable_weights
    found = _BACKENDS[keras.backend.backend()](layer, call, probe, weights)
    return {weight.path: None if one is None else array(one) for weight, one in zip(weights, found)}


def _tensorflow_gradients(layer, call, probe, weights):
    import tensorflow as tf

    with tf.GradientTape() as tape:
        loss = keras.ops.sum(call.of(layer) * probe)
    found = tape.gradient(loss, [weight.value for weight in weights])
    return [None if one is None else tf.convert_to_tensor(one) for one in found]


def _jax_gradients(layer, call, probe, weights):
    import jax

    fixed = [weight.value for weight in layer.non_trainable_variables]

    def loss(values):
        outputs, _ = layer.stateless_call(values, fixed, *call.arrays, **call.named)
        return keras.ops.sum(outputs * probe)

    return jax.grad(loss)([weight.value for weight in weights])


_BACKENDS = {"tensorflow": _tensorflow_gradients, "jax": _jax_gradients}
