import keras
import numpy as np
import pytest
from close import ROUNDING, assert_close
from harness import B, D, T, array, random

from keras_transformers.layers import (
    Encoder,
    EncoderBlock,
    FeedForward,
    LayerNorm,
    MultiHeadAttention,
    NormOrder,
    Residual,
)


class Double(keras.layers.Layer):
    """Stands for a normalization, and is easy to follow."""

    def call(self, inputs):
        return 2 * inputs


def test_post_normalizes_the_sum():
    x, residual = random(B, T, D), Residual(Double(), "post")
    assert_close(array(residual(x, 3 * residual.enter(x))), 2 * (x + 3 * x), ROUNDING)


def test_pre_normalizes_what_the_sublayer_sees():
    x, residual = random(B, T, D), Residual(Double(), "pre")
    assert_close(array(residual(x, 3 * residual.enter(x))), x + 3 * (2 * x), ROUNDING)


def test_dropout_acts_on_the_sublayer_only():
    x, residual = random(B, T, D), Residual(Double(), "pre", dropout=0.5)
    np.testing.assert_array_equal(array(residual(x, np.zeros_like(x), training=True)), x)
    assert np.abs(array(residual(x, x, training=True)) - 2 * x).max() > 0.1


def test_every_argument_is_an_attribute_and_in_the_configuration():
    residual = Residual(LayerNorm(1e-3), "pre", 0.37)
    again = Residual.from_config(residual.get_config())
    for one in (residual, again):
        assert (one.norm.epsilon, one.norm_order, one.dropout) == (1e-3, NormOrder.PRE, 0.37)


class PluginBlock(keras.layers.Layer):
    """A block of a plugin's, which keeps its order as the string that it was given."""

    def __init__(self, norm_order="pre", **kwargs):
        super().__init__(**kwargs)
        self.norm_order = norm_order
        self.norm = None

    def build(self, input_shape):
        self.built = True

    def call(self, x, mask=None, training=None):
        return 3 * x

    def get_config(self):
        return {**super().get_config(), "norm_order": self.norm_order}


@pytest.mark.parametrize("order", ["pre", "post"])
def test_a_stack_ends_normalized_whatever_type_the_order_has(order):
    outputs = array(Encoder(PluginBlock(order), 2)(100 * random(B, T, D)))
    assert np.allclose(outputs.std(axis=-1), 1.0, atol=1e-3) is (order == "pre")


def test_an_unknown_order():
    with pytest.raises(ValueError, match="'sandwich' is not a valid NormOrder"):
        EncoderBlock(MultiHeadAttention(2), FeedForward(17), norm_order="sandwich")


@pytest.mark.parametrize("order", ["post", "pre"])
def test_a_post_norm_block_ends_normalized(order):
    block = EncoderBlock(MultiHeadAttention(2), FeedForward(17), norm_order=order)
    outputs = array(block(100 * random(B, T, D)))
    deviations = outputs.std(axis=-1)
    assert np.allclose(deviations, 1.0, atol=1e-3) is (order == "post")
