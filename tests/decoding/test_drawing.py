"""Sampling: by the model's probabilities, and by the seed alone."""

import numpy as np
import pytest
import tensorflow as tf
from scipy.stats import chisquare
from small import SOURCE, Reference, V, transformer

from keras_transformers.decoding import Sample
from keras_transformers.decoding.sampling import drawn
from keras_transformers.decoding.seeds import uniform
from keras_transformers.text.special import EOS

DRAWS = 20_000


@pytest.fixture(scope="module")
def flat():
    """A model without a clear favourite."""
    return transformer(noise=0.1)


def first_tokens(model, **settings):
    """Return the first tokens of DRAWS answers to one source, by as many seeds."""
    search = Sample(max_ratio=1.0, max_extra=0, **settings)
    source = np.repeat(SOURCE[2:, :1], 2_000, axis=0)
    call = tf.function(search, reduce_retracing=True)
    seeds = np.arange(DRAWS).reshape(-1, 2_000)
    return np.concatenate([call(model, source, part).ids[:, 0, 0].numpy() for part in seeds])


def fits(tokens, probability):
    """Return the p-value of tokens having been drawn by these probabilities."""
    counts = np.bincount(tokens, minlength=len(probability))
    assert not counts[probability == 0].any()
    possible = probability > 0
    return chisquare(counts[possible], DRAWS * probability[possible] / probability.sum()).pvalue


def probabilities(model):
    return np.exp(Reference(model, SOURCE[2, :1], 2)(()))


def test_tokens_are_as_frequent_as_they_are_probable(flat):
    assert fits(first_tokens(flat), probabilities(flat)) > 0.001


def test_temperature(flat):
    assert fits(first_tokens(flat, temperature=0.5), probabilities(flat) ** 2) > 0.001


def test_top_k(flat):
    probability = probabilities(flat)
    probability[np.argsort(probability)[:-4]] = 0
    assert fits(first_tokens(flat, top_k=4), probability) > 0.001


def test_top_p(flat):
    probability = probabilities(flat)
    order = np.argsort(-probability)
    before = np.cumsum(probability[order]) - probability[order]
    probability[order[before >= 0.5]] = 0
    assert 1 < np.count_nonzero(probability) < V - 3
    assert fits(first_tokens(flat, top_p=0.5), probability) > 0.001


def test_min_p(flat):
    probability = probabilities(flat)
    probability[probability < 0.4 * probability.max()] = 0
    assert 1 < np.count_nonzero(probability) < V - 3
    assert fits(first_tokens(flat, min_p=0.4), probability) > 0.001


def test_the_second_token_is_drawn_given_the_first(flat):
    search = Sample(max_ratio=1.0, max_extra=1)
    source = np.repeat(SOURCE[2:, :1], DRAWS, axis=0)
    ids = tf.function(search)(flat, source, np.arange(DRAWS)).ids[:, 0].numpy()
    reference = Reference(flat, SOURCE[2, :1], 2)
    first = np.bincount(ids[:, 0][ids[:, 0] != EOS]).argmax()
    second = ids[ids[:, 0] == first, 1]
    probability = np.exp(reference((int(first),)))
    counts = np.bincount(second, minlength=V)
    assert not counts[probability == 0].any()
    possible = probability > 0
    assert chisquare(counts[possible], len(second) * probability[possible] / probability.sum()).pvalue > 0.001


def test_the_seed_alone_decides(flat):
    search = tf.function(Sample(samples=3), reduce_retracing=True)
    rng = np.random.default_rng(5)
    many = rng.integers(4, V, (64, 6)).astype("int32")
    seeds = rng.integers(0, 2**62, 64)
    together = search(flat, many, seeds)
    again = search(flat, many, seeds)
    np.testing.assert_array_equal(together.ids, again.ids)
    for row in range(0, 64, 9):
        alone = search(flat, many[row : row + 1], seeds[row : row + 1])
        width = alone.ids.shape[2]
        np.testing.assert_array_equal(alone.ids[0], together.ids[row, :, :width])
    other = search(flat, many, seeds + 1)
    assert (np.asarray(other.ids)[:, :, :2] != np.asarray(together.ids)[:, :, :2]).any()


def test_samples_differ_and_have_the_scores_of_the_model(flat):
    found = Sample(samples=4, temperature=2.0, max_ratio=1.0, max_extra=4)(flat, SOURCE[:1])
    answers = [tuple(ids[ids > 0].tolist()) for ids in found.ids[0].numpy()]
    assert len(set(answers)) > 1
    reference = Reference(flat, SOURCE[0], 9)
    for answer, ids in enumerate(answers):
        wanted = [reference(ids[:place])[token] for place, token in enumerate(ids)]
        assert found.token_scores[0, answer].numpy()[: len(ids)] == pytest.approx(wanted, abs=1e-4)
        assert float(found.scores[0, answer]) == pytest.approx(sum(wanted), abs=1e-4)


def test_numbers_of_seeds_are_uniform_and_apart():
    numbers = uniform(tf.range(1000, dtype=tf.int64), 4, tf.constant(3)).numpy()
    assert numbers.min() >= 0
    assert numbers.max() < 1
    assert chisquare(np.histogram(numbers, 20, (0, 1))[0]).pvalue > 0.001
    large = uniform(tf.constant([5, 5 + 2**32, -5], tf.int64), 1, tf.constant(0)).numpy()
    assert len(set(large[:, 0])) == 3
    assert abs(np.corrcoef(numbers[:, 0], numbers[:, 1])[0, 1]) < 0.1
    assert abs(np.corrcoef(numbers[:-1, 0], numbers[1:, 0])[0, 1]) < 0.1


def test_what_has_no_probability_is_never_drawn():
    probability = tf.constant([[0.0, 0.5, 0.0, 0.5, 0.0]] * 3)
    assert drawn(probability, tf.constant([0.0, 0.5, 1 - 2.0**-24])).numpy().tolist() == [1, 3, 3]
