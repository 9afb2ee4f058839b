"""What holds for every registered layer: walk the registry, check each through one harness."""

import inspect

import keras
import numpy as np
import pytest
from harness import OTHERS, array, calls, components, copy, gradients, make, perturb, spec

from keras_transformers import registry
from keras_transformers.runs.model import dtype_policy

COMPONENTS = components()
CALLS = [(slot, name, call) for slot, name in COMPONENTS for call in calls(slot)]
each_component = pytest.mark.parametrize(("slot", "name"), COMPONENTS, ids=map("/".join, COMPONENTS))
each_call = pytest.mark.parametrize(("slot", "name", "call"), CALLS, ids=map("/".join, CALLS))


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


def test_every_layer_is_walked():
    assert len(COMPONENTS) >= 11
    assert ("attention", "multi_head") in COMPONENTS


@each_component
def test_every_constructor_argument_is_an_attribute_and_in_the_configuration(slot, name):
    description = spec(slot, name, changed=True)
    layer = make(slot, description)
    own = type(layer).__init__
    own = own if own.__module__.startswith("keras_transformers.") else object.__init__  # Keras's arguments only
    arguments = set(inspect.signature(own).parameters) - {"self", "args", "kwargs"}

    assert arguments == set(registry.describe(slot, name).parameters)
    for argument in arguments:
        assert hasattr(layer, argument), argument
        assert argument in layer.get_config(), argument
        if not isinstance(description[argument], dict):
            value = getattr(layer, argument)  # of a stack, `layers` are its blocks, as Keras's users expect
            assert (len(value) if isinstance(value, list) else value) == description[argument]
            assert layer.get_config()[argument] == description[argument]


@each_call
def test_the_configuration_makes_the_same_layer(slot, name, call):
    call = calls(slot)[call]
    layer = make(slot, spec(slot, name, changed=True))
    expected = call.of(layer)

    config = keras.saving.serialize_keras_object(layer)
    again = keras.saving.deserialize_keras_object(config)
    call.of(again)
    again.set_weights(layer.get_weights())

    assert type(again) is type(layer)
    assert again is not layer
    assert keras.saving.serialize_keras_object(again)["config"] == config["config"]
    np.testing.assert_allclose(array(call.of(again)), array(expected), rtol=1e-6, atol=1e-6)


@each_call
@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_symbolic_and_eager_outputs_agree(slot, name, call, precision):
    call = calls(slot)[call]
    with dtype_policy(precision):
        layer = make(slot, spec(slot, name))
    eager = call.of(layer)

    for known in (True, False):
        symbolic = call.inputs(known).of(layer)
        assert symbolic.dtype == keras.backend.standardize_dtype(eager.dtype)
        assert len(symbolic.shape) == len(eager.shape)
        assert all(one in (None, other) for one, other in zip(symbolic.shape, eager.shape))
        assert symbolic.shape[-1] == eager.shape[-1]
        assert not known or tuple(symbolic.shape) == tuple(eager.shape)


@each_call
def test_a_layer_is_built_by_a_symbolic_call(slot, name, call):
    call = calls(slot)[call]
    eager, symbolic = (make(slot, spec(slot, name)) for _ in range(2))
    call.of(eager)
    call.inputs(known=False).of(symbolic)

    assert [weight.shape for weight in symbolic.weights] == [weight.shape for weight in eager.weights]


@each_call
def test_a_saved_model_gives_the_same_outputs(slot, name, call, tmp_path):
    call = calls(slot)[call]
    inputs = call.inputs(known=False)
    layer = make(slot, spec(slot, name, changed=True))
    model = keras.Model([*inputs.arrays, *inputs.named.values()], inputs.of(layer))
    perturb(model)
    values = [*call.arrays, *call.named.values()]
    expected = array(model(values))

    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")

    assert len(again.weights) == len(model.weights)
    np.testing.assert_allclose(array(again(values)), expected, rtol=1e-6, atol=1e-6)


@each_call
def test_mixed_precision(slot, name, call):
    call = calls(slot)[call]
    with dtype_policy("mixed_bfloat16"):
        layer = make(slot, spec(slot, name))
    outputs = call.of(layer)
    expected = call.of(make(slot, spec(slot, name)))

    assert keras.backend.standardize_dtype(outputs.dtype) == "bfloat16"
    assert {keras.backend.standardize_dtype(weight.dtype) for weight in layer.trainable_weights} <= {"float32"}
    np.testing.assert_allclose(array(outputs), array(expected), rtol=0.1, atol=0.1)


@each_component
def test_every_dropout_acts_in_training_and_in_training_only(slot, name):
    call = next(iter(calls(slot).values()))
    without = spec(slot, name)
    if not (paths := dropouts(without)):
        assert not hasattr(make(slot, without), "drop")
        return
    layer = make(slot, without)
    expected = array(call.of(layer, training=False))
    np.testing.assert_array_equal(array(call.of(layer, training=True)), expected)

    for path in paths:
        dropping = make(slot, replaced(without, path, OTHERS["dropout"]))
        call.of(dropping, training=False)
        copy(layer, dropping)
        np.testing.assert_array_equal(array(call.of(dropping, training=False)), expected)
        dropped = array(call.of(dropping, training=True))
        assert np.abs(dropped - expected).max() > 1e-3, path
        assert np.isfinite(dropped).all()


@each_call
def test_gradients_reach_every_weight(slot, name, call):
    call = calls(slot)[call]
    layer = make(slot, spec(slot, name))
    call.of(layer)
    perturb(layer)

    for path, gradient in gradients(layer, call).items():
        assert gradient is not None, path
        assert np.isfinite(gradient).all(), path
        # A bias of the keys adds the same to every score of a query, which a softmax does not see.
        assert path.endswith("key/bias") or np.abs(gradient).max() > 1e-6, path
