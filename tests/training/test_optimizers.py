import keras
import numpy as np
import pytest
from close import ROUNDING, UPDATES, assert_close

from keras_transformers.training.optimizers import Adam, AdamW
from keras_transformers.training.schedules import Noam

SHAPES = [(3, 5), (7,)]


def updated(optimizer, steps=5):
    """Return variables after updates with the same gradients for every optimizer."""
    rng = np.random.default_rng(3)
    variables = [keras.Variable(rng.normal(size=shape).astype("float32")) for shape in SHAPES]
    for _ in range(steps):
        gradients = [keras.ops.convert_to_tensor(rng.normal(size=shape).astype("float32")) for shape in SHAPES]
        optimizer.apply_gradients(zip(gradients, variables))
    return [variable.numpy() for variable in variables]


@pytest.mark.parametrize("clip_norm", [None, 0.5, 1e6])
def test_it_computes_what_keras_does(clip_norm):
    options = {"learning_rate": 0.01, "beta_1": 0.8, "beta_2": 0.98, "epsilon": 1e-9}
    found = updated(Adam(clip_norm=clip_norm, **options))
    wanted = updated(keras.optimizers.Adam(global_clipnorm=clip_norm, **options))
    for one, other in zip(found, wanted):
        assert_close(one, other, UPDATES, size=5 * 0.01)


def test_it_follows_its_schedule():
    fast, slow = (updated(Adam(learning_rate=Noam(warmup=3, scale=scale, dim=11))) for scale in (1.0, 0.1))
    assert not np.allclose(fast[0], slow[0])
    wanted = updated(keras.optimizers.Adam(Noam(warmup=3, dim=11)))
    assert_close(fast[0], wanted[0], UPDATES, size=0.6)  # what the five rates add up to


def test_it_survives_saving():
    optimizer = Adam(beta_1=0.8, beta_2=0.9, epsilon=1e-5, clip_norm=0.5, learning_rate=0.01)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(optimizer))
    assert type(again) is Adam
    assert again.get_config() == optimizer.get_config()
    assert again.global_clipnorm == 0.5


NAMES = ["kernel", "bias"]  # as Keras's dense layers name them


def named_variables():
    rng = np.random.default_rng(5)
    shapes = zip(SHAPES, NAMES)
    return [keras.Variable(rng.normal(size=shape).astype("float32"), name=name) for shape, name in shapes]


def steps_of(optimizer, variables, steps=3):
    rng = np.random.default_rng(7)
    for _ in range(steps):
        gradients = [keras.ops.convert_to_tensor(rng.normal(size=one.shape).astype("float32")) for one in variables]
        optimizer.apply_gradients(zip(gradients, variables))
    return [one.numpy() for one in variables]


def test_adamw_computes_what_keras_does_and_spares_vectors():
    options = {"learning_rate": 0.01, "weight_decay": 0.3, "epsilon": 1e-6}
    found = steps_of(AdamW(**options), named_variables())
    keras_adamw = keras.optimizers.AdamW(**options)
    keras_adamw.exclude_from_weight_decay(var_names=["bias"])
    wanted = steps_of(keras_adamw, named_variables())
    plain = steps_of(Adam(learning_rate=0.01, epsilon=1e-6), named_variables())
    for one, other in zip(found, wanted):
        assert_close(one, other, UPDATES, size=3 * 0.01)
    np.testing.assert_array_equal(found[1], plain[1])
    assert not np.allclose(found[0], plain[0])


def test_a_matrix_of_biases_does_not_decay():
    variables = [keras.Variable(np.ones((3, 5), "float32"), name="relative_bias")]
    optimizer = AdamW(learning_rate=0.1, weight_decay=0.5)
    optimizer.apply_gradients([(keras.ops.zeros((3, 5)), variables[0])])
    np.testing.assert_array_equal(variables[0].numpy(), np.ones((3, 5)))


@pytest.mark.parametrize("kind", [Adam, AdamW])
def test_a_variable_can_have_a_rate_of_its_own(kind):
    variables = named_variables()
    before = [one.numpy() for one in variables]
    optimizer = kind(learning_rate=0.02)
    optimizer.rate_scales = {variables[0].path: 0.25, variables[1].path: 0.0}
    found = steps_of(optimizer, variables)
    wanted = steps_of(kind(learning_rate=0.005), named_variables())
    assert_close(found[0], wanted[0], UPDATES, size=3 * 0.005)
    np.testing.assert_array_equal(found[1], before[1])


def test_adamw_survives_saving():
    optimizer = AdamW(weight_decay=0.03, clip_norm=0.5, learning_rate=0.01)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(optimizer))
    assert type(again) is AdamW
    assert again.get_config() == optimizer.get_config()
    assert (again.weight_decay, again.global_clipnorm) == (0.03, 0.5)


def test_what_a_user_excludes_does_not_decay():
    variables = [keras.Variable(np.ones((3, 5), "float32"), name=name) for name in ("kept", "spared")]
    optimizer = AdamW(learning_rate=0.1, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_names=["spared"])
    optimizer.apply_gradients([(keras.ops.zeros((3, 5)), variable) for variable in variables])
    assert_close(variables[0].numpy(), 1 - 0.1 * 0.5, ROUNDING)
    np.testing.assert_array_equal(variables[1].numpy(), np.ones((3, 5)))
