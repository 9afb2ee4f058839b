import keras
import numpy as np
import pytest
from close import BFLOAT16, NETWORK, SUMS, assert_close
from harness import B, Call, D, T, array, gradients, perturb, random

from keras_transformers.layers import LayerNorm, RMSNorm
from keras_transformers.runs.model import dtype_policy


def test_layer_norm_is_that_of_the_paper():
    x, layer = 3 + 5 * random(B, T, D), LayerNorm(1e-3)
    layer(x)
    perturb(layer)
    centred = x - x.mean(-1, keepdims=True)
    expected = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-3)
    expected = expected * array(layer.gamma.value) + array(layer.beta.value)
    assert_close(array(layer(x)), expected, SUMS)


def test_rms_norm_is_that_of_the_paper():
    x, layer = 3 + 5 * random(B, T, D), RMSNorm(1e-3)
    expected = x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-3)
    assert_close(array(layer(x)), expected, SUMS)


def test_the_gradient_written_out_is_that_of_keras():
    x = 3 + 5 * random(B, T, D)
    found = []
    for norm in (LayerNorm(1e-3), keras.layers.LayerNormalization(epsilon=1e-3)):
        inputs = keras.layers.Dense(D, kernel_initializer=keras.initializers.RandomNormal(seed=1))
        layer = keras.Sequential([keras.Input((T, D)), inputs, norm])
        found.append(list(gradients(perturb(layer), Call([x])).values()))
    assert len(found[0]) == 4
    for one, other in zip(*found):
        assert_close(one, other, NETWORK)


@pytest.mark.parametrize("norm", [LayerNorm, RMSNorm])
def test_statistics_are_float32_in_mixed_precision(norm):
    with dtype_policy("mixed_bfloat16"):
        layer = norm()
    x = keras.ops.cast(300 + 9 * random(B, T, 1024), "bfloat16")
    assert_close(array(layer(x)), array(norm()(array(x))), BFLOAT16)
