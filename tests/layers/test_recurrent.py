"""Recurrent layers against PyTorch's, alignments against NumPy, and what a decoder goes on from."""

from pathlib import Path

import keras
import numpy as np
import pytest
from close import NETWORK, SUMS, assert_close
from harness import B, D, S, T, array, make, perturb, random

from keras_transformers.layers import masked_softmax
from keras_transformers.layers.alignment import Additive, Attentional, Dot, General
from keras_transformers.layers.recurrent import Recurrent
from keras_transformers.layers.recurrent_stack import RecurrentDecoder, RecurrentEncoder

GOLDENS = Path(__file__).parent / "goldens" / "recurrent.npz"
REAL = np.arange(S) < np.array([[S], [S - 3], [2]])


def as_keras(goldens, kind, cell, suffix):
    """Return the weights of a PyTorch layer as Keras's cell has them: kernel, recurrent kernel, bias."""
    kernel, recurrent, inputs_bias, states_bias = (
        goldens[f"{kind}: {name}_l0{suffix}"] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    )
    if cell == "lstm":  # gates in the same order; Keras has one bias
        return [kernel.T, recurrent.T, inputs_bias + states_bias]

    def ordered(x):  # PyTorch: reset, update, new; Keras: update, reset, new
        reset, update, new = np.split(x, 3, axis=0)
        return np.concatenate([update, reset, new], axis=0)

    return [ordered(kernel).T, ordered(recurrent).T, np.stack([ordered(inputs_bias), ordered(states_bias)])]


@pytest.mark.parametrize("both", [False, True], ids=["onward", "both"])
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_a_layer_computes_what_that_of_pytorch_does(cell, both):
    kind = f"{cell} both" if both else cell
    layer = Recurrent(cell, bidirectional=both)
    with np.load(GOLDENS) as goldens:
        x, lengths = goldens["x"], goldens["lengths"]
        layer.build(x.shape)
        layer.onward.set_weights(as_keras(goldens, kind, cell, ""))
        if both:
            layer.backward_reader.set_weights(as_keras(goldens, kind, cell, "_reverse"))
        real = np.arange(x.shape[1]) < lengths[:, None]
        outputs, state = layer(x, mask=real, return_state=True)
        assert_close(array(outputs)[real], goldens[f"{kind}: outputs"][real], SUMS)
        for number, tensor in enumerate(state):
            assert_close(array(tensor), goldens[f"{kind}: state {number}"], SUMS)


def reference(kind, layer, query, source):
    """Return the scores of an alignment, (B, T, S), by its formula."""
    if kind is Dot:
        return np.einsum("btd,bsd->bts", query, source)
    key = array(layer.key.kernel)
    if kind is General:
        return np.einsum("btd,de,bse->bts", query, key.T, source)
    both = (query @ array(layer.query.kernel))[:, :, None] + (source @ key)[:, None]
    return np.tanh(both) @ array(layer.vector)[:, 0]


@pytest.mark.parametrize("kind", [Additive, Dot, General])
def test_an_alignment_weighs_the_source_by_its_formula(kind):
    layer, query, source = kind(), random(B, T, D), random(B, S, D)
    layer(query, source)
    perturb(layer)
    scores = np.where(REAL[:, None], reference(kind, layer, query, source), -np.inf)
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    weights /= weights.sum(-1, keepdims=True)
    assert_close(array(layer(query, source, mask=REAL)), weights @ source, SUMS)
    assert_close(array(layer(query, source, mask=REAL, keys=layer.keys(source))), weights @ source, SUMS)


def test_what_is_found_joins_what_is_said():
    layer, h, source = Attentional(Dot()), random(B, T, D), random(B, S, D)
    layer(h, source)
    context = array(masked_softmax(np.einsum("btd,bsd->bts", h, source)[:, None]))[:, 0] @ source
    expected = np.tanh(np.concatenate([context, h], axis=-1) @ array(layer.combine.kernel))
    assert_close(array(layer(h, source)), expected, SUMS)


@pytest.mark.parametrize(("query", "source", "kind"), [(D, D + 1, Dot)])
def test_widths_that_do_not_fit(query, source, kind):
    with pytest.raises(ValueError, match=r"needs targets and source of one width, but they have 26 and 27: `general`"):
        kind()(random(B, T, query), random(B, S, source))


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_padding_changes_nothing(cell):
    keras.utils.set_random_seed(1)
    encoder, x = RecurrentEncoder(cell, layers=2), random(B, S, D)
    outputs, states = encoder(x, mask=REAL, return_state=True)
    for row, length in enumerate(REAL.sum(1)):
        alone, ended = encoder(x[row : row + 1, :length], return_state=True)
        assert_close(array(outputs)[row : row + 1, :length], array(alone), SUMS)
        for state, wanted in zip(states, ended, strict=True):
            for tensor, one in zip(state, wanted, strict=True):
                assert_close(array(tensor)[row : row + 1], array(one), SUMS)


def of_pair(cell, attention, layers=2):
    """Return an encoder and a decoder, their memory of a source, and targets."""
    keras.utils.set_random_seed(1)
    encoder = RecurrentEncoder(cell, layers, residual=True)
    decoder = RecurrentDecoder(attention, cell, layers, residual=True)
    memory = encoder(random(B, S, D), mask=REAL, return_state=True)
    decoder(random(B, T, D), memory, memory_mask=REAL)
    return perturb(decoder), memory


@pytest.mark.parametrize("attention", [None, "additive", "dot", "general"])
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_a_decoder_goes_on_from_the_encoders_states(cell, attention):
    attention = attention and make("alignment", {"type": attention})
    decoder, memory = of_pair(cell, attention)
    x = random(B, T, D)
    expected = array(decoder(x, memory, memory_mask=REAL))
    state, found = decoder.begin(B, T, memory, REAL), []
    for index, width in ((0, 2), (2, 1), (3, 2)):
        outputs, state = decoder.step(x[:, index : index + width], state, decoder.positions(state, width))
        found.append(array(outputs))
    assert_close(np.concatenate(found, axis=1), expected, NETWORK)
    others = [[tensor + 0.1 for tensor in each] for each in memory[1]]
    assert np.abs(array(decoder(x, (memory[0], others), memory_mask=REAL)) - expected).max() > 1e-3


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="JAX compiles a graph a shape")
@pytest.mark.parametrize("width", [0, 1, T])
def test_steps_whose_length_only_the_graph_knows(width):
    import tensorflow as tf

    decoder, memory = of_pair("lstm", Dot())
    x, real = random(B, T, D), np.arange(width) < np.array([[width], [width - 1], [0]])

    @tf.function(input_signature=[tf.TensorSpec((None, None, D)), tf.TensorSpec((None, None), tf.bool)])
    def read(x, real):
        state = decoder.begin(B, T, memory, REAL, ragged=True)
        return decoder.step(x, state, decoder.positions(state, tf.shape(x)[1], real), real)[1]["cells"]

    layer, begun = decoder.recurrent[0], memory[1][0]
    found, *_ = read(x[:, :width], real)
    for row, length in enumerate(real.sum(1)):
        alone = [tensor[row : row + 1] for tensor in begun]
        wanted = layer(x[row : row + 1, :length], initial=alone, return_state=True)[1] if length else alone
        for tensor, one in zip(found, wanted, strict=True):
            assert_close(array(tensor)[row : row + 1], array(one), SUMS)


def test_without_attention_the_outputs_of_the_encoder_are_unknown():
    decoder, memory = of_pair("lstm", None)
    x = random(B, T, D)
    other = (memory[0] + 1.0, memory[1])
    np.testing.assert_array_equal(array(decoder(x, memory)), array(decoder(x, other)))
    with pytest.raises(
        ValueError, match="hears of the source by the state that its encoder ends in alone, and is given none"
    ):
        decoder(x, memory[0])


@pytest.mark.parametrize(
    ("cell", "layers", "end"), [("gru", 2, "and their cells differ"), ("lstm", 3, "the encoder 3")]
)
def test_states_of_other_layers(cell, layers, end):
    decoder, _ = of_pair("lstm", Dot())
    memory = RecurrentEncoder(cell, layers)(random(B, S, D), return_state=True)
    with pytest.raises(ValueError, match=f"as many layers of one `cell`, but the decoder has 2 .*{end}"):
        decoder(random(B, T, D), memory)


@pytest.mark.parametrize("kind", [Additive, General])
def test_a_source_of_another_width(kind):
    decoder, x, source = RecurrentDecoder(kind()), random(B, T, D), random(B, S, D + 3)
    expected = array(decoder(x, source))
    state, found = decoder.begin(B, T, source), []
    for index in range(T):
        outputs, state = decoder.step(x[:, index : index + 1], state, decoder.positions(state, 1))
        found.append(array(outputs))
    assert_close(np.concatenate(found, axis=1), expected, NETWORK)


def test_the_mask_of_keras_is_obeyed_in_steps_too():
    decoder, x = RecurrentDecoder(General()), random(B, T, D)
    source = keras.layers.Masking()(np.where(REAL[:, :, None], random(B, S, D), 0.0).astype("float32"))
    expected = array(decoder(x, source))
    state = decoder.begin(B, T, source)
    outputs, _ = decoder.step(x, state, decoder.positions(state, T))
    assert_close(array(outputs), expected, NETWORK)
    assert np.abs(array(decoder(x, array(source))) - expected).max() > 1e-3


def test_both_directions_have_no_state_to_go_on_from():
    layer, x = Recurrent(bidirectional=True), random(B, T, D)
    _, state = layer(x, return_state=True)
    with pytest.raises(ValueError, match="both directions has no state to go on from"):
        layer.step(x[:, :1], state)


def test_an_odd_width_has_no_halves():
    with pytest.raises(ValueError, match="`bidirectional` halves the width, which must be even, but is 5"):
        RecurrentEncoder()(random(B, S, 5))


def test_a_mask_of_pairs():
    with pytest.raises(ValueError, match=r"reads in order: its `mask` says what is real, .* \(3, 1, 7, 7\)\."):
        RecurrentEncoder()(random(B, S, D), mask=np.ones((B, 1, S, S), bool))
