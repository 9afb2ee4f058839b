import keras
import numpy as np
import pytest

from keras_transformers.training.optimizers import Adam
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
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_it_follows_its_schedule():
    fast, slow = (updated(Adam(learning_rate=Noam(warmup=3, scale=scale, dim=11))) for scale in (1.0, 0.1))
    assert not np.allclose(fast[0], slow[0])
    wanted = updated(keras.optimizers.Adam(Noam(warmup=3, dim=11)))
    np.testing.assert_allclose(fast[0], wanted[0], rtol=1e-5, atol=1e-6)


def test_it_survives_saving():
    optimizer = Adam(beta_1=0.8, beta_2=0.9, epsilon=1e-5, clip_norm=0.5, learning_rate=0.01)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(optimizer))
    assert type(again) is Adam
    assert again.get_config() == optimizer.get_config()
    assert again.global_clipnorm == 0.5
