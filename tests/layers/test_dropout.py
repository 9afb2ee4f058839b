import os
import subprocess
import sys

import keras
import numpy as np
import pytest
from harness import array, random

from keras_transformers.layers import Dropout
from keras_transformers.runs.model import dtype_policy

MANY = np.ones((53, 59, 64), "float32")  # the width is a multiple of 4: four elements share a random word
ODD = np.ones((53, 59, 61), "float32")
REPLICAS = """
import numpy as np
import tensorflow as tf

cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])

from keras_transformers.layers import Dropout

with strategy.scope():
    layer = Dropout(0.5, seed=11)
    layer.build((7, 64))

@tf.function
def run():
    return strategy.run(lambda: layer(tf.ones((7, 64)), training=True))

for _ in range(2):
    first, second = (one.numpy() for one in strategy.experimental_local_results(run()))
    assert first.any() and second.any()
    print(round(float(np.mean(first != second)), 3))
"""


@pytest.mark.parametrize("x", [MANY, ODD], ids=["words", "bytes"])
@pytest.mark.parametrize("rate", [0.1, 0.3, 0.75])
def test_the_rate_and_the_mean(x, rate):
    dropped = array(Dropout(rate, seed=5)(x, training=True))
    tolerance = 4 * np.sqrt(rate * (1 - rate) / x.size) + 1 / 512  # the rate is rounded to 1/256
    assert np.mean(dropped == 0) == pytest.approx(rate, abs=tolerance)
    assert dropped.mean() == pytest.approx(1.0, abs=4 * np.sqrt(rate / (1 - rate) / x.size))
    kept = np.unique(dropped[dropped > 0])
    assert len(kept) == 1
    assert kept[0] == pytest.approx(256 / (256 - round(256 * rate)))


@pytest.mark.parametrize("x", [MANY, ODD], ids=["words", "bytes"])
def test_elements_fall_independently(x):
    kept = array(Dropout(0.5, seed=7)(x, training=True)) > 0
    bound = 5 / np.sqrt(x.size)
    for axis in range(3):
        for distance in (1, 2, 3, 4):
            first, second = np.moveaxis(kept, axis, 0)[:-distance], np.moveaxis(kept, axis, 0)[distance:]
            assert abs(np.mean(first == second) - 0.5) < bound, (axis, distance)


def test_inference_changes_nothing():
    x = random(3, 5, 7)
    np.testing.assert_array_equal(array(Dropout(0.5)(x)), x)
    np.testing.assert_array_equal(array(Dropout(0.5)(x, training=False)), x)


def test_a_rate_of_zero_changes_nothing():
    x = random(3, 5, 7)
    np.testing.assert_array_equal(array(Dropout(0.0)(x, training=True)), x)


def test_no_two_calls_are_equal():
    layer = Dropout(0.5, seed=11)
    found = [array(layer(MANY, training=True)) for _ in range(5)]
    for number, one in enumerate(found):
        for other in found[:number]:
            assert np.mean((one > 0) == (other > 0)) == pytest.approx(0.5, abs=0.02)


def test_two_layers_differ_and_a_seed_repeats():
    keras.utils.set_random_seed(0)
    first, second = (array(Dropout(0.5)(MANY, training=True)) for _ in range(2))
    assert np.mean((first > 0) == (second > 0)) == pytest.approx(0.5, abs=0.02)
    same, again = (array(Dropout(0.5, seed=13)(MANY, training=True)) for _ in range(2))
    np.testing.assert_array_equal(same, again)


def test_bfloat16_keeps_its_type():
    with dtype_policy("mixed_bfloat16"):
        dropped = Dropout(0.25, seed=5)(MANY, training=True)
    assert keras.backend.standardize_dtype(dropped.dtype) == "bfloat16"
    assert np.mean(array(dropped) == 0) == pytest.approx(0.25, abs=0.01)


def test_a_call_of_unknown_length():
    x = keras.Input((None, 64))
    model = keras.Model(x, Dropout(0.5, seed=3)(x))
    for length in (5, 7):
        dropped = array(model(np.ones((3, length, 64), "float32"), training=True))
        assert 0 < np.mean(dropped == 0) < 1


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="tf.distribute is TensorFlow's")
def test_replicas_differ():
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"}
    command = [sys.executable, "-c", REPLICAS]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-4000:]
    for share in done.stdout.split():
        assert float(share) == pytest.approx(0.5, abs=0.15)
    assert len(done.stdout.split()) == 2
