"""What holds for every registered layer: walk the registry, run each of its checks (keras_transformers.testing)."""

import os
import re
import subprocess
import sys

import keras
import numpy as np
import pytest
from close import SUMS, assert_close
from harness import OTHERS, array, calls, components, make, spec

from keras_transformers import registry
from keras_transformers.layers import Decoder, FeedForward, MultiHeadAttention
from keras_transformers.testing import check_component, checks_of

COMPONENTS = components()
CHECKS = [(slot, name, check) for slot, name in COMPONENTS for check in checks_of(slot)]
STACKS = {"encoder", "decoder", "encoder_block", "decoder_block"}
"""Slots of what holds other layers, in which each of those is quantized once more: that takes seconds."""
REPLICAS = """
import tensorflow as tf

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)

from keras_transformers.testing import check_component

for name in {names}:
    check_component(name, only=["strategy"])
print("passed")
"""


def test_every_layer_is_walked():
    assert len(COMPONENTS) >= 11
    assert ("attention", "multi_head") in COMPONENTS


def check_parameter(slot, name, check):
    marks = [pytest.mark.long] if check == "quantization" and slot in STACKS else []
    return pytest.param(slot, name, check, id=f"{slot}-{name}-{check}", marks=marks)


@pytest.mark.parametrize(("slot", "name", "check"), [check_parameter(*entry) for entry in CHECKS])
def test_every_layer_passes_every_check(slot, name, check):
    check_component(f"{slot}/{name}", only=[check])


def dropouts(description):
    """Return the path of every rate of dropout in a description."""
    own = [("dropout",)] if "dropout" in description else []
    return own + [
        (name, *path) for name, value in description.items() if isinstance(value, dict) for path in dropouts(value)
    ]


def replaced(description, path, value):
    """Return the description with the value at a path replaced."""
    name, *rest = path
    return {**description, name: replaced(description[name], rest, value) if rest else value}


each_component = pytest.mark.parametrize(("slot", "name"), COMPONENTS, ids=map("/".join, COMPONENTS))


@each_component
def test_arguments_other_than_the_defaults_are_kept(slot, name):
    description = spec(slot, name, changed=True)
    layer = make(slot, description)
    call = next(iter(calls(slot).values()))
    expected = call.of(layer)

    config = keras.saving.serialize_keras_object(layer)
    again = keras.saving.deserialize_keras_object(config)
    call.of(again)
    again.set_weights(layer.get_weights())

    assert keras.saving.serialize_keras_object(again)["config"] == config["config"]
    assert_close(array(call.of(again)), array(expected), SUMS)
    for argument, given in description.items():
        if argument != "type" and not isinstance(given, dict):
            value = getattr(layer, argument)  # of a stack, `layers` are its blocks, as Keras's users expect
            assert (len(value) if isinstance(value, list) else value) == given
            assert layer.get_config()[argument] == given


@each_component
def test_every_dropout_acts_in_training_and_in_training_only(slot, name):
    call = next(iter(calls(slot).values()))
    without = spec(slot, name)
    if not (paths := dropouts(without)):
        assert not hasattr(make(slot, without), "drop")
        return
    layer = make(slot, without)
    expected = array(call.of(layer, training=False))
    for path in paths:
        dropping = make(slot, replaced(without, path, OTHERS["dropout"]))
        call.of(dropping, training=False)
        for old, new in zip(layer.trainable_weights, dropping.trainable_weights, strict=True):
            new.assign(old.value)
        np.testing.assert_array_equal(array(call.of(dropping, training=False)), expected)
        dropped = array(call.of(dropping, training=True))
        assert np.abs(dropped - expected).max() > 1e-3, path
        assert np.isfinite(dropped).all()


@pytest.mark.long
@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="tf.distribute is TensorFlow's")
def test_every_layer_trains_on_two_replicas():
    names = [f"{slot}/{name}" for slot, name in COMPONENTS]
    command = [sys.executable, "-c", REPLICAS.format(names=names)]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=1200)
    assert done.returncode == 0, done.stderr[-4000:]
    assert done.stdout.endswith("passed\n")


def fails(component, slot, only, sentence):
    with pytest.raises(AssertionError) as caught:
        check_component(component, slot, only=[only])
    name = component.__name__
    assert str(caught.value) == f"`{name}` is no {slot} as it should be:\n{only}: {sentence}"


class Forgetful(FeedForward):
    """A network whose configuration lacks an argument, which is no attribute either."""

    def __init__(self, hidden_dim: int, power: int = 3, **kwargs):
        super().__init__(hidden_dim, **kwargs)


class Dim(MultiHeadAttention):
    """An attention that lets no mask through, and whose steps see other positions than its whole pass."""

    def compute_mask(self, inputs, previous_mask=None):
        return None

    def bias(self, query_positions, key_positions):
        return keras.ops.cast(key_positions - len(key_positions), "float32") * len(key_positions)


class Idle(FeedForward):
    """A network with a weight that nothing uses."""

    def build(self, input_shape):
        super().build(input_shape)
        self.idle = self.add_weight(name="idle", shape=(2,))


def test_what_fails_is_said():
    fails(Forgetful, "feed_forward", "arguments", "the argument `power` of its constructor must be an attribute.")
    sentence = "the implicit mask of its first input must go on to its outputs (`supports_masking = True`)."
    fails(Dim, "attention", "masks", sentence)


def test_a_weight_that_is_idle_is_named():
    with pytest.raises(AssertionError) as caught:
        check_component(Idle, "feed_forward", only=["gradients"])
    assert re.search(r"\ngradients: `.*idle` gets no gradient\.$", str(caught.value))


def test_a_step_that_differs_is_said():
    with pytest.raises(AssertionError, match=r"\nsteps: what `step` computes differs by "):
        check_component(Dim, "attention", only=["steps"])


@keras.saving.register_keras_serializable(package="tests")
class Counting(MultiHeadAttention):
    """An attention that takes the targets of a row for one text: it counts them instead of asking where they stand."""

    def bias(self, query_positions, key_positions):
        targets, sources = (keras.ops.arange(positions.shape[-1]) for positions in (query_positions, key_positions))
        return 0.3 * keras.ops.cast(keras.ops.expand_dims(targets, 1) - sources, "float32")


@keras.saving.register_keras_serializable(package="tests")
class Levelling(MultiHeadAttention):
    """An attention whose targets see one another."""

    shares_beams = True

    def attend(self, query, key, value, mask, bias):
        return super().attend(query - keras.ops.mean(query, axis=1, keepdims=True), key, value, mask, bias)


@keras.saving.register_keras_serializable(package="tests")
class Lagging(Decoder):
    """A decoder that forgets which beams go on."""

    def choose_beams(self, state, parents):
        return super().choose_beams(state, 0 * parents)


def test_beams_that_differ_from_texts_of_their_own_are_said():
    shared = r"what a beam says that shares the cache of its text \(`shares_beams`\) differs by "
    check_component(Counting, "attention", only=["steps"])
    with pytest.raises(AssertionError, match=rf"\nbeams: {shared}"):
        check_component(Counting, "attention", only=["beams"])
    with pytest.raises(AssertionError, match=r"\nbeams: what a beam says whose past is gathered differs by "):
        check_component(Levelling, "attention", only=["beams"])
    with pytest.raises(AssertionError, match=rf"\nbeams: {shared}"):
        check_component(Lagging, "decoder", only=["beams"])


def test_all_failures_are_said_at_once():
    with pytest.raises(AssertionError, match=r"(?s)\nmasks: .*\nsteps: "):
        check_component(Dim, "attention", only=["masks", "steps"])


class Wide(FeedForward):
    """A network with an argument of a name that tells no size."""

    def __init__(self, hidden_dim: int, breadth: int, **kwargs):
        super().__init__(hidden_dim, **kwargs)
        self.breadth = breadth

    def get_config(self):
        return {**super().get_config(), "breadth": self.breadth}


def test_arguments_that_cannot_be_guessed_are_given():
    with pytest.raises(AssertionError, match=r"`breadth` is not known: give it in `arguments`\.$"):
        check_component(Wide, "feed_forward", only=["arguments"])
    check_component(Wide, "feed_forward", {"breadth": 7}, only=["arguments"])
    check_component(Wide(17, 7), "feed_forward", only=["arguments", "shapes"])


def test_the_slot_is_that_of_the_class():
    check_component(MultiHeadAttention, only=["arguments"])
    with pytest.raises(AssertionError) as caught:
        check_component(Wide)
    assert str(caught.value) == ("`Wide` is not registered: say which slot it fills, as in check_component(…, slot).")
    with pytest.raises(AssertionError) as caught:
        check_component(MultiHeadAttention, "hat")
    assert str(caught.value).startswith("There are no checks for the slot `hat`; there are for: model, embedding, ")


def test_an_unknown_check_lists_what_there_is():
    with pytest.raises(AssertionError, match=r"^There is no check `mask` for norm; there are: arguments, "):
        check_component(registry.resolve("norm", "rms_norm"), "norm", only=["mask"])
