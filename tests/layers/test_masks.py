import keras
import numpy as np
import pytest
from harness import B, D, H, S, T, array, make, random, spec

from keras_transformers.layers import as_attention_mask, causal_mask, padding_mask


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


def test_a_mask_of_keras_is_obeyed_and_goes_no_further():
    ids = np.array([[5, 3, 2, 0, 0], [7, 4, 0, 0, 0]])
    embedding = keras.layers.Embedding(11, D, mask_zero=True)
    attention = make("attention", spec("attention", "multi_head"))

    implicit = attention(embedding(ids))
    explicit = attention(array(embedding(ids)), mask=ids != 0)

    np.testing.assert_allclose(array(implicit), array(explicit), atol=1e-6)
    assert getattr(implicit, "_keras_mask", None) is None


@pytest.mark.parametrize("slot", ["encoder_block", "encoder"])
def test_padding_of_the_source_changes_nothing(slot):
    layer = make(slot, spec(slot, slot))
    x = random(B, S, D)
    real = np.arange(S) < S - 2
    other = np.where(real[:, None], x, 10 * random(B, S, D)[::-1])

    outputs, others = (array(layer(one, mask=np.tile(real, (B, 1))))[:, : S - 2] for one in (x, other))

    np.testing.assert_allclose(others, outputs, atol=1e-6)
    np.testing.assert_allclose(array(layer(x[:, : S - 2])), outputs, atol=1e-6)
