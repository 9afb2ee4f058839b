import re

import keras
import numpy as np
import pytest
from close import SUMS, assert_close
from harness import B, D, H, S, T, array, make, random, spec

from keras_transformers.layers import (
    Decoder,
    DecoderBlock,
    FeedForward,
    MultiHeadAttention,
    as_attention_mask,
    as_causal_mask,
    causal_mask,
    padding_mask,
)


def test_padding_mask_is_true_at_real_tokens():
    ids = np.array([[5, 3, 0], [7, 0, 0]])
    mask = padding_mask(ids)
    assert mask.shape == (2, 1, 1, 3)
    np.testing.assert_array_equal(array(mask)[:, 0, 0], [[True, True, False], [True, False, False]])


def test_padding_mask_of_another_pad_id():
    np.testing.assert_array_equal(array(padding_mask(np.array([[0, 9]]), pad_id=9))[0, 0], [[True, False]])


def test_causal_mask_of_a_whole_sequence_is_a_lower_triangle():
    mask = causal_mask(np.arange(T), np.arange(T))
    assert mask.shape == (1, 1, T, T)
    np.testing.assert_array_equal(array(mask)[0, 0], np.tril(np.ones((T, T), bool)))


def test_causal_mask_of_later_queries():
    mask = causal_mask(np.array([2, 3]), np.arange(S))
    np.testing.assert_array_equal(array(mask)[0, 0].sum(-1), [3, 4])


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((B, S), (B, 1, 1, S)), ((B, T, S), (B, 1, T, S)), ((B, H, T, S), (B, H, T, S)), ((1, 1, 1, S), (1, 1, 1, S))],
)
def test_as_attention_mask(shape, expected):
    assert as_attention_mask(np.ones(shape, bool)).shape == expected


def test_as_attention_mask_of_another_rank():
    with pytest.raises(ValueError, match=r"`mask` must have shape \(batch, source\).* but has shape \(7,\)\."):
        as_attention_mask(np.ones(7, bool))


IDS = np.array([[5, 3, 2, 0, 0], [7, 4, 0, 0, 0]])


@pytest.fixture(scope="module")
def masked():
    """Vectors to which Keras has attached their mask."""
    return keras.layers.Embedding(11, D, mask_zero=True)(IDS)


@pytest.mark.parametrize("slot", ["attention", "encoder_block", "encoder"])
def test_a_mask_of_keras_is_obeyed_and_goes_on(slot, masked):
    layer = make(slot, spec(slot, {"attention": "multi_head"}.get(slot, slot)))
    implicit, explicit = layer(masked), layer(array(masked), mask=IDS != 0)
    assert_close(array(implicit), array(explicit), SUMS)
    np.testing.assert_array_equal(array(implicit._keras_mask), IDS != 0)
    assert getattr(explicit, "_keras_mask", None) is None


@pytest.mark.parametrize("slot", ["decoder_block", "decoder"])
def test_masks_of_targets_and_memory_are_obeyed(slot, masked):
    layer, targets = make(slot, spec(slot, slot)), array(masked)[:, ::-1]
    real = IDS[:, ::-1] != 0  # padded before their beginning, where a causal mask would not hide it
    x = keras.layers.Masking()(np.where(real[..., None], targets, 0.0).astype("float32"))
    implicit = layer(x, masked)
    explicit = layer(array(x), array(masked), mask=real, memory_mask=IDS != 0)
    assert_close(array(implicit), array(explicit), SUMS)
    assert np.abs(array(implicit) - array(layer(array(x), array(masked)))).max() > 1e-3
    np.testing.assert_array_equal(array(implicit._keras_mask), real)


def test_the_mask_of_a_source_is_obeyed_and_is_none_of_the_outputs(masked):
    layer, query = make("attention", spec("attention", "multi_head")), random(2, T, D)
    implicit = layer(query, masked)
    assert_close(array(implicit), array(layer(query, array(masked), mask=IDS != 0)), SUMS)
    assert getattr(implicit, "_keras_mask", None) is None


def test_causal_mask_of_rows_at_positions_of_their_own():
    queries, keys = np.array([[3], [0]]), np.array([[0, 1, 2, 3], [0, 1, 2, 3]])
    mask = causal_mask(queries, keys)
    assert mask.shape == (2, 1, 1, 4)
    np.testing.assert_array_equal(array(mask)[:, 0, 0].sum(-1), [4, 1])


def test_a_decoders_mask():
    real = np.array([[True, True, False], [True, True, True]])
    lower = np.tril(np.ones((3, 3), bool))
    np.testing.assert_array_equal(array(as_causal_mask(None, 3))[0, 0], lower)
    np.testing.assert_array_equal(array(as_causal_mask(real, 3))[:, 0], lower & real[:, None])
    whole = np.ones((2, 3, 3), bool)
    assert as_causal_mask(whole, 3) is whole


@pytest.mark.parametrize("slot", ["decoder_block", "decoder"])
def test_no_target_sees_a_later_one_whatever_is_left_out(slot):
    """Without an encoder too, and with a mask of what is real."""
    description = {**spec(slot, slot)}
    block = description if slot == "decoder_block" else {**description["block"]}
    block["cross_attention"] = None
    layer = make(slot, block if slot == "decoder_block" else {**description, "block": block})
    x = random(B, T, D)
    other = np.concatenate([x[:, :-1], 10 + x[:, -1:]], axis=1)
    for options in ({}, {"mask": np.ones((B, T), bool)}):
        before, after = (array(layer(one, **options)) for one in (x, other))
        assert_close(after[:, :-1], before[:, :-1], SUMS)
        assert np.abs(after[:, -1] - before[:, -1]).max() > 1e-3


MISSING = (
    "`memory` is missing: cross-attention attends to an encoder's output (batch, source, dim). "
    "A decoder block with `cross_attention=None` needs none."
)
UNREAD = "`memory` is given, but `cross_attention` is None: nothing attends to it."


@pytest.mark.parametrize("slot", ["decoder_block", "decoder"])
@pytest.mark.parametrize(
    ("cross", "sentence"), [("like_attention", MISSING), (None, UNREAD)], ids=["missing", "unread"]
)
def test_memory_is_given_just_where_it_is_attended_to(slot, cross, sentence):
    keras.utils.set_random_seed(1)
    layer = DecoderBlock(MultiHeadAttention(H, 11), FeedForward(17), cross_attention=cross)
    layer = layer if slot == "decoder_block" else Decoder(layer, 2)
    memory = None if cross else random(B, S, D)
    with pytest.raises(ValueError, match=re.escape(sentence)):
        layer(random(B, T, D), memory)
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        layer.begin(B, T, memory)


def test_cross_attention_left_out_is_another_like_attention():
    block = DecoderBlock(MultiHeadAttention(H, 11), FeedForward(17))
    assert block.cross_attention is not block.attention
    assert (block.cross_attention.heads, block.cross_attention.head_dim) == (H, 11)
    assert DecoderBlock(MultiHeadAttention(H), FeedForward(17), cross_attention=None).cross_attention is None
    sentence = "`cross_attention` must be a layer, 'like_attention' or None, but is 'none'."
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        DecoderBlock(MultiHeadAttention(H), FeedForward(17), cross_attention="none")


def test_a_memory_of_another_width():
    decoder = Decoder(DecoderBlock(MultiHeadAttention(H, 11), FeedForward(17)), 2)
    assert decoder(random(B, T, D), random(B, S, 37)).shape == (B, T, D)
    assert decoder.blocks[1].cross_attention.key.kernel.shape == (37, 22)


@pytest.mark.parametrize("slot", ["encoder_block", "encoder"])
def test_padding_of_the_source_changes_nothing(slot):
    layer = make(slot, spec(slot, slot))
    x = random(B, S, D)
    real = np.arange(S) < S - 2
    other = np.where(real[:, None], x, 10 * random(B, S, D)[::-1])

    outputs, others = (array(layer(one, mask=np.tile(real, (B, 1))))[:, : S - 2] for one in (x, other))

    assert_close(others, outputs, SUMS)
    assert_close(array(layer(x[:, : S - 2])), outputs, SUMS)
