import numpy as np
import pytest
import tensorflow as tf
from close import ROUNDING, assert_close

from keras_transformers.decoding.candidates import candidates
from keras_transformers.decoding.likelihood import token_log_probabilities
from keras_transformers.decoding.rules import Past, Rules
from keras_transformers.text.special import BOS, EOS, PAD

B, T, V = 3, 5, 11


@pytest.mark.parametrize(("start", "never"), [(BOS, {PAD, BOS}), (EOS, {PAD}), (PAD, {PAD}), (7, {PAD, 7})])
def test_answers_hold_neither_padding_nor_the_token_that_they_begin_with_unless_they_end_with_it(start, never):
    said = Rules(start).answers(tf.zeros((1, V)))
    assert set(np.flatnonzero(~np.isfinite(said[0]))) == never


@pytest.mark.parametrize("start", [BOS, EOS, PAD])
def test_probabilities_are_taken_among_what_can_be_said(start):
    draw = np.random.default_rng(3)
    logits = draw.normal(size=(B, T, V)).astype("float32") * 3
    labels = draw.integers(4, V, (B, T)).astype("int32")
    labels[:, 3] = EOS
    labels[1, 4] = PAD
    found = token_log_probabilities(tf.constant(logits), tf.constant(labels), start).numpy()
    said = [token for token in range(V) if token not in {PAD, start} - {EOS}]
    for row, column in np.ndindex(B, T):
        among = np.exp(logits[row, column, said].astype("float64"))
        wanted = np.log(np.exp(float(logits[row, column, labels[row, column]])) / among.sum())
        assert found[row, column] == (0 if labels[row, column] == PAD else pytest.approx(wanted, rel=1e-5))
    assert found[1, 4] == 0


def test_it_is_the_probability_that_a_search_takes():
    logits = np.random.default_rng(5).normal(size=(B, 1, V)).astype("float32")
    none = Past(tf.zeros((B, 0), tf.int32), tf.zeros((B,), tf.bool))
    _, searched, ids = candidates(tf.constant(logits[:, 0]), V - 2, Rules(BOS), none)
    for place in (0, 3, V - 3):
        found = token_log_probabilities(tf.constant(logits), ids[:, place : place + 1], BOS)
        assert_close(found[:, 0], searched[:, place], ROUNDING)
