"""With the same weights, blocks compute what KerasHub's TransformerEncoder and TransformerDecoder do."""

import keras
import keras_hub
import numpy as np
import pytest
from close import SUMS, assert_close
from harness import B, D, H, S, T, array, perturb, random

from keras_transformers.layers import DecoderBlock, EncoderBlock, FeedForward, LayerNorm, MultiHeadAttention

HIDDEN = 17
SOURCE_REAL = np.arange(S) < np.array([[S], [3], [5]])
TARGET_REAL = np.arange(T) < np.array([[3], [T], [4]])
ORDERS = {"post": False, "pre": True}
"""What KerasHub calls `normalize_first`."""


def ours(block, norm_order):
    attention, feed_forward = MultiHeadAttention(H), FeedForward(HIDDEN, activation="gelu")
    return block(attention, feed_forward, norm_order=norm_order, norm=LayerNorm(1e-5))


def theirs(layer, norm_order):
    normalize_first = ORDERS[norm_order]
    return layer(HIDDEN, H, activation="gelu", layer_norm_epsilon=1e-5, normalize_first=normalize_first)


def copy(block, hub, names):
    """Give the weights of `block` to KerasHub's layer; `names` says what it calls each sublayer."""
    for name, theirs in names.items():
        if name == "feed_forward":
            give(block.feed_forward.expand, hub._feedforward_intermediate_dense)
            give(block.feed_forward.contract, hub._feedforward_output_dense)
        else:
            attention, other = getattr(block, name), getattr(hub, f"{theirs}_layer")
            for projection in ("query", "key", "value"):
                give(getattr(attention, projection), getattr(other, f"_{projection}_dense"))
            give(attention.output_projection, other._output_dense)
        norm, other = getattr(block, f"{name}_residual").norm, getattr(hub, f"{theirs}_layer_norm")
        other.gamma.assign(norm.gamma.value)
        other.beta.assign(norm.beta.value)


def give(linear, dense):
    """Give kernel and bias to a layer that shapes them by head."""
    dense.kernel.assign(array(linear.kernel.value).reshape(dense.kernel.shape))
    dense.bias.assign(array(linear.bias.value).reshape(dense.bias.shape))


@pytest.fixture(scope="module", params=ORDERS)
def encoders(request):
    x = random(B, S, D)
    block, hub = ours(EncoderBlock, request.param), theirs(keras_hub.layers.TransformerEncoder, request.param)
    block(x), hub(x)
    copy(perturb(block), hub, {"attention": "_self_attention", "feed_forward": "_feedforward"})
    return block, hub


@pytest.fixture(scope="module", params=ORDERS)
def decoders(request):
    x, memory = random(B, T, D), random(B, S, D)
    block, hub = ours(DecoderBlock, request.param), theirs(keras_hub.layers.TransformerDecoder, request.param)
    block(x, memory), hub(x, memory)
    names = {"attention": "_self_attention", "cross_attention": "_cross_attention", "feed_forward": "_feedforward"}
    copy(perturb(block), hub, names)
    return block, hub


def assert_same(found, expected):
    assert keras.backend.standardize_dtype(found.dtype) == "float32"
    assert_close(array(found), array(expected), SUMS)


def test_all_weights_were_copied(encoders, decoders):
    for block, hub in (encoders, decoders):
        assert block.count_params() == hub.count_params()
        sums = [sum(np.abs(array(one.value)).sum() for one in layer.trainable_weights) for layer in (block, hub)]
        assert sums[0] == pytest.approx(sums[1], rel=SUMS)


def test_encoder(encoders):
    block, hub = encoders
    assert_same(block(random(B, S, D)), hub(random(B, S, D)))


def test_encoder_with_padding(encoders):
    block, hub = encoders
    x = random(B, S, D)
    found = block(x, mask=SOURCE_REAL)
    assert_same(found, hub(x, padding_mask=SOURCE_REAL))
    assert np.abs(array(found) - array(block(x))).max() > 1e-3


def test_decoder(decoders):
    block, hub = decoders
    x, memory = random(B, T, D), random(B, S, D)
    assert_same(block(x, memory, mask=np.tril(np.ones((1, T, T), bool))), hub(x, memory))


def test_decoder_with_padding(decoders):
    block, hub = decoders
    x, memory = random(B, T, D), random(B, S, D)
    mask = np.tril(np.ones((T, T), bool)) & TARGET_REAL[:, None]
    found = block(x, memory, mask=mask, memory_mask=SOURCE_REAL)
    assert_same(found, hub(x, memory, decoder_padding_mask=TARGET_REAL, encoder_padding_mask=SOURCE_REAL))
    assert np.abs(array(found) - array(block(x, memory, mask=mask))).max() > 1e-3
