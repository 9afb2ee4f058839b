"""Decoding step by step with the caches gives what the whole pass gives."""

import numpy as np
import pytest
from harness import SIZES, B, D, H, S, T, array, make, random, spec, transformer
from keras import ops

RNG = np.random.default_rng(0)
SOURCE = RNG.integers(4, SIZES["vocab_size"], (B, S)).astype("int32")
SOURCE[1, 4:] = 0
TARGET = RNG.integers(4, SIZES["vocab_size"], (B, T)).astype("int32")


def decode(model, widths, length):
    """Return the logits of TARGET, decoded in steps of these widths, and the last caches."""
    memory, memory_mask = model.encode(SOURCE)
    caches = model.start_caches(memory, length)
    found, index = [], 0
    for width in widths:
        ids = TARGET[:, index : index + width]
        logits, caches = model.step(ids, caches, ops.convert_to_tensor(index, "int32"), memory_mask)
        found.append(array(logits))
        index += width
    return np.concatenate(found, axis=1), caches


@pytest.mark.parametrize("length", [T, T + 6], ids=["just_long_enough", "longer"])
@pytest.mark.parametrize("widths", [(1, 1, 1, 1, 1), (2, 3), (5,)], ids=str)
def test_step_by_step_equals_the_whole_pass(model, widths, length):
    found, _ = decode(model, widths, length)
    expected = array(model({"source": SOURCE, "target": TARGET}))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


def test_learned_positions_are_those_of_the_step():
    model = transformer(position={"type": "learned", "max_length": SIZES["max_length"]})
    found, _ = decode(model, (1,) * T, T)
    np.testing.assert_allclose(found, array(model({"source": SOURCE, "target": TARGET})), rtol=0, atol=1e-5)


def test_a_cache_has_a_row_for_each_position(model):
    _, caches = decode(model, (1, 1), length=11)
    assert len(caches) == SIZES["layers"]
    for cache in caches:
        assert cache["self"]["key"].shape == cache["self"]["value"].shape == (11, B, H, SIZES["head_dim"])
        assert cache["memory"]["key"].shape == (S, B, H, SIZES["head_dim"])
        written = np.abs(array(cache["self"]["key"])).max(axis=(1, 2, 3))
        assert (written[:2] > 0).all()
        assert (written[2:] == 0).all()


def test_a_step_leaves_the_caches_it_was_given(model):
    memory, memory_mask = model.encode(SOURCE)
    caches = model.start_caches(memory, T)
    model.step(TARGET[:, :1], caches, 0, memory_mask)
    assert not array(caches[0]["self"]["key"]).any()


def test_a_block_decodes_step_by_step():
    block = make("decoder_block", spec("decoder_block", "decoder_block"))
    x, memory = random(B, T, D), random(B, S, D)
    expected = array(block(x, memory, mask=np.tril(np.ones((1, 1, T, T), bool))))

    cache, found = block.start_cache(memory, T), []
    for index in range(T):
        mask = (np.arange(T) <= index)[None, None, None]
        output, cache = block(x[:, index : index + 1], mask=mask, cache=cache, index=index)
        found.append(array(output))

    np.testing.assert_allclose(np.concatenate(found, axis=1), expected, atol=1e-5)
