"""Decoding step by step with the caches gives what the whole pass gives."""

import re

import keras
import numpy as np
import pytest
from close import NETWORK, assert_close
from harness import SIZES, B, D, H, S, T, array, make, perturb, random, spec, transformer
from keras import ops
from test_attention import RotaryRows, SlopeRows

from keras_transformers.layers import Decoder, DecoderBlock, FeedForward, MultiHeadAttention, cache
from keras_transformers.models import Decodable

RNG = np.random.default_rng(0)
SOURCE = RNG.integers(4, SIZES["vocab_size"], (B, S)).astype("int32")
SOURCE[1, 4:] = 0
TARGET = RNG.integers(4, SIZES["vocab_size"], (B, T)).astype("int32")
SAID = [1, 4, 2]
"""How much of TARGET each row has said already, where a prompt holds it."""


def decode(model, widths, length, state=None):
    """Return the logits of TARGET, decoded in steps of these widths, and the last state."""
    state = model.begin({"source": SOURCE}, length) if state is None else state
    found, index = [], 0
    for width in widths:
        logits, state = model.step(TARGET[:, index : index + width], state)
        found.append(array(logits))
        index += width
    return np.concatenate(found, axis=1), state


def whole(model, source=SOURCE, target=TARGET):
    return array(model({"source": source, "target": target}))


@pytest.mark.parametrize("length", [T, T + 6], ids=["just_long_enough", "longer"])
@pytest.mark.parametrize("widths", [(1, 1, 1, 1, 1), (2, 3), (5,)], ids=str)
def test_step_by_step_equals_the_whole_pass(model, widths, length):
    found, _ = decode(model, widths, length)
    assert_close(found, whole(model), NETWORK)


def test_learned_positions_are_those_of_the_step():
    model = transformer(position={"type": "learned", "max_length": SIZES["max_length"]})
    found, _ = decode(model, (1,) * T, T)
    assert_close(found, whole(model), NETWORK)


def prompts(padding):
    """Return what the rows have said, (B, P), padded at its end or before its beginning."""
    longest = max(SAID)
    rows = [TARGET[row, :said].tolist() for row, said in enumerate(SAID)]
    pads = [[0] * (longest - len(row)) for row in rows]
    return np.array([row + pad if padding == "after" else pad + row for row, pad in zip(rows, pads)], "int32")


@pytest.mark.parametrize("padding", ["after", "before"])
def test_rows_that_have_said_more_or_less(model, padding):
    state = model.begin({"source": SOURCE, "target": prompts(padding)}, length=T + 4)
    for step in range(T - max(SAID) + 1):
        ids = np.array([TARGET[row, said - 1 + step] for row, said in enumerate(SAID)], "int32")
        logits, state = model.step(ids[:, None], state)
        for row, said in enumerate(SAID):
            expected = whole(model)[row, said - 1 + step]
            assert_close(array(logits)[row, 0], expected, NETWORK)


def test_a_row_that_has_ended_changes_nothing(model):
    """Of rows at positions of their own, what is padding is neither read nor counted."""
    state = model.begin({"source": SOURCE, "target": TARGET[:, :1]}, length=T + 2)
    _, state = model.step(TARGET[:, :1], state)
    pause = np.array([[TARGET[0, 1]], [0], [TARGET[2, 1]]], "int32")
    _, paused = model.step(pause, state)
    logits, _ = model.step(np.array([[7], [TARGET[1, 1]], [7]], "int32"), paused)
    assert_close(array(logits)[1], whole(model)[1, 1:2], NETWORK)


@pytest.mark.parametrize("ragged", [False, True], ids=["together", "ragged"])
def test_rows_are_chosen(model, ragged):
    """Rows are repeated, dropped and put into another order, and each goes on as it would have."""
    parents = np.array([2, 0, 0, 1, 2], "int32")
    said = {"target": prompts("after")} if ragged else {}
    state = model.begin({"source": SOURCE, **said}, length=T + 4)
    first = np.array([[TARGET[row, said - 1]] for row, said in enumerate(SAID)], "int32") if ragged else TARGET[:, :1]
    _, state = model.step(first, state)
    ids = np.array([[5], [7], [9]], "int32")
    expected, _ = model.step(ids, state)

    logits, chosen = model.step(ids[parents], model.choose(state, parents))

    assert_close(array(logits), array(expected)[parents], NETWORK)
    again, _ = model.step(ids, model.choose(chosen, np.array([1, 3, 0], "int32")))
    straight, _ = model.step(ids, model.step(ids, state)[1])
    assert_close(array(again), array(straight), NETWORK)


def test_a_source_that_is_missing(model):
    sentence = "`inputs` must hold `source`, ids (batch, source), but holds ['text']."
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        model.begin({"text": SOURCE}, T)


def test_a_cache_grows_by_what_is_written(model):
    _, state = decode(model, (1, 2), length=11)
    assert len(state["blocks"]) == SIZES["layers"]
    for entries in state["blocks"]:
        for name, length in (("self", 3), ("memory", S)):
            assert entries[name]["sentence"]["key"].shape == (B, H, SIZES["head_dim"], length)
            assert entries[name]["sentence"]["value"].shape == (B, H, length, SIZES["head_dim"])


def test_a_step_leaves_the_state_it_was_given(model):
    state = model.begin({"source": SOURCE}, T)
    model.step(TARGET[:, :1], state)
    assert state["blocks"][0]["self"]["sentence"]["key"].shape[3] == 0
    assert int(state["timeline"]["index"]) == 0


@pytest.mark.parametrize("ragged", [False, True], ids=["together", "ragged"])
def test_beams_share_the_cache_of_their_sentence(model, ragged):
    """Beams that go on from one another's past say what rows would that had been gathered."""
    said = {"target": prompts("after")} if ragged else {}
    first = np.array([[TARGET[row, said - 1]] for row, said in enumerate(SAID)], "int32") if ragged else TARGET[:, :1]
    _, state = model.step(first, model.begin({"source": SOURCE, **said}, length=T + 4))
    shared = gathered = state
    before = 1
    for parents in (np.zeros((B, 4), "int32"), *RNG.integers(0, 4, (3, B, 4)).astype("int32")):
        ids = RNG.integers(4, SIZES["vocab_size"], (B * 4, 1)).astype("int32")
        shared = model.choose_beams(shared, parents, before)
        gathered = Decodable.choose_beams(model, gathered, parents, before)
        found, shared = model.step(ids, shared)
        expected, gathered = model.step(ids, gathered)
        assert_close(array(found), array(expected), NETWORK)
        before = 4
    some = np.array([2, 0], "int32")
    shared, gathered = model.choose_sentences(shared, some, 4), Decodable.choose_sentences(model, gathered, some, 4)
    found, _ = model.step(ids[:8], shared)
    expected, _ = model.step(ids[:8], gathered)
    assert_close(array(found), array(expected), NETWORK)
    assert shared["blocks"][0]["memory"]["sentence"]["key"].shape[0] == 2


def test_a_block_decodes_step_by_step():
    block = make("decoder_block", spec("decoder_block", "decoder_block"))
    x, memory = random(B, T, D), random(B, S, D)
    expected = array(block(x, memory))

    entries, found = block.begin(B, T, memory), []
    for index in range(T):
        output, entries = block.step(x[:, index : index + 1], entries, index)
        found.append(array(output))

    assert_close(np.concatenate(found, axis=1), expected, NETWORK)


# A decoder without an encoder, as of a language model ---------------------------------------------------------------


def causal_decoder(attention=MultiHeadAttention, norm_order="pre"):
    keras.utils.set_random_seed(5)
    block = DecoderBlock(attention(H, head_dim=11), FeedForward(17), cross_attention=None, norm_order=norm_order)
    decoder = Decoder(block, 2)
    decoder(random(B, T, D))
    return perturb(decoder)


@pytest.mark.parametrize("attention", [MultiHeadAttention, RotaryRows, SlopeRows])
def test_a_decoder_without_an_encoder(attention):
    decoder, x = causal_decoder(attention), random(B, T, D)
    expected = array(decoder(x))
    state, found = decoder.begin(B, T + 2), []
    for width, index in ((2, 0), (1, 2), (2, 3)):
        positions = decoder.positions(state, width)
        outputs, state = decoder.step(x[:, index : index + width], state, positions)
        found.append(array(outputs))
    assert_close(np.concatenate(found, axis=1), expected, NETWORK)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="JAX compiles a graph a shape")
def test_steps_whose_length_only_the_graph_knows():
    import tensorflow as tf

    decoder, x = causal_decoder(), random(B, T, D)
    state = decoder.begin(B, T)

    @tf.function(input_signature=[tf.TensorSpec((None, None, D))])
    def step(x):
        return decoder.step(x, state, decoder.positions(state, tf.shape(x)[1]))[0]

    for width in (1, 3, T):
        assert_close(array(step(x[:, :width])), array(decoder(x))[:, :width], NETWORK)


@pytest.mark.parametrize("attention", [MultiHeadAttention, RotaryRows, SlopeRows])
def test_rows_of_different_lengths_decode_as_each_does_alone(attention):
    decoder, x = causal_decoder(attention), random(B, T, D)
    lengths = np.array([2, 5, 3])
    real = np.arange(T) < lengths[:, None]
    new = random(B, 2, D)
    state = decoder.begin(B, T + 2, ragged=True)
    _, state = decoder.step(x, state, decoder.positions(state, T, real), real)
    found = []
    for index in range(2):
        outputs, state = decoder.step(new[:, index : index + 1], state, decoder.positions(state, 1))
        found.append(array(outputs))
    for row, length in enumerate(lengths):
        alone = array(decoder(np.concatenate([x[row : row + 1, :length], new[row : row + 1]], axis=1)))
        assert_close(np.concatenate(found, axis=1)[row], alone[0, length:], NETWORK)


@pytest.mark.parametrize("attention", [MultiHeadAttention, RotaryRows, SlopeRows])
def test_packed_rows_compute_what_each_sequence_does_alone(attention):
    """Two sequences in one row: positions begin again, and a mask keeps them apart."""
    decoder, x = causal_decoder(attention), random(1, T, D)
    segment = np.array([0, 0, 1, 1, 1])
    positions = np.array([[0, 1, 0, 1, 2]], "int32")
    apart = np.tril(np.ones((T, T), bool)) & (segment[:, None] == segment)
    packed = array(decoder(x, mask=apart[None], positions=positions))
    for part in (slice(0, 2), slice(2, 5)):
        assert_close(packed[:, part], array(decoder(x[:, part])), NETWORK)


@keras.saving.register_keras_serializable(package="tests")
class Latent(MultiHeadAttention):
    """Caches in a way of its own: a list of one tensor that holds the projected input, and how many were read."""

    def empty_cache(self, batch, length):
        return [ops.zeros((length, batch, D)), {"count": ops.zeros((1, batch), "int32")}]

    def step(self, query, cache_, index, positions=None, key_positions=None, mask=None):
        entries, counts = cache_
        (entries,) = cache.write([entries], [query], index)
        counts = {"count": counts["count"] + ops.shape(query)[1]}
        source = cache.read(entries)
        output = self(query, source, mask=mask, positions=positions, source_positions=key_positions)
        return output, [entries, counts]


def test_a_cache_of_another_kind():
    decoder, x = causal_decoder(Latent), random(B, T, D)
    parents = np.array([1, 1, 0, 2], "int32")
    state = decoder.begin(B, T)
    _, state = decoder.step(x[:, :2], state, decoder.positions(state, 2))
    state, x = decoder.choose(state, parents), x[parents]
    found, state = decoder.step(x[:, 2:], state, decoder.positions(state, T - 2))
    assert_close(array(found), array(decoder(x))[:, 2:], NETWORK)
    assert array(state["blocks"][1]["self"][1]["count"]).tolist() == [[T] * 4]
