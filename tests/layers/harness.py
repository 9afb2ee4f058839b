"""What the tests of layers share: examples of every registered component, and ways to call them."""

import keras

from keras_transformers import registry
from keras_transformers.registry.assemble import assemble
from keras_transformers.testing.examples import (
    LAYER_SLOTS,
    OTHERS,
    SIZES,
    B,
    Call,
    D,
    H,
    K,
    S,
    T,
    array,
    calls,
    perturb,
    random,
    spec,
)

__all__ = [
    "OTHERS",
    "SIZES",
    "B",
    "Call",
    "D",
    "H",
    "K",
    "S",
    "T",
    "array",
    "calls",
    "components",
    "gradients",
    "make",
    "perturb",
    "random",
    "spec",
    "transformer",
]


def components():
    """Return (slot, name) of every built-in component of the slots."""
    found = [(slot, name) for slot in LAYER_SLOTS for name in registry.names(slot)]
    return [entry for entry in found if registry.describe(*entry).origin == "built-in"]


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
