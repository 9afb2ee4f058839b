import keras
import numpy as np
import pytest
import tensorflow as tf
from close import ROUNDING, SUMS, assert_close

from keras_transformers.losses.cross_entropy import TokenCrossEntropy, smoothed_cross_entropy

N, V = 5, 7


def plain(labels, logits, smoothing):
    """Return the same by automatic differentiation, from the definition."""
    right = tf.one_hot(labels, logits.shape[-1], dtype=logits.dtype)
    q = (1 - smoothing) * right + smoothing / logits.shape[-1]
    return -tf.reduce_sum(q * tf.nn.log_softmax(logits), axis=-1)


def value_and_gradient(loss, labels, logits, smoothing, upstream):
    with tf.GradientTape() as tape:
        tape.watch(logits)
        value = loss(labels, logits, smoothing)
    return value.numpy(), tape.gradient(value, logits, output_gradients=upstream).numpy()


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.9])
@pytest.mark.parametrize("scale", [1.0, 20.0])
def test_value_and_gradient_are_those_of_the_definition(smoothing, scale):
    rng = np.random.default_rng(3)
    labels = tf.constant(rng.integers(0, V, N), tf.int32)
    logits = tf.constant(scale * rng.normal(size=(N, V)), tf.float32)
    upstream = tf.constant(rng.normal(size=N), tf.float32)
    found = value_and_gradient(smoothed_cross_entropy, labels, logits, smoothing, upstream)
    wanted = value_and_gradient(plain, labels, logits, smoothing, upstream)
    for one, other in zip(found, wanted):
        assert_close(one, other, SUMS)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_huge_logits_give_no_infinity(smoothing):
    logits = tf.constant([[1e4, -1e4, 3.0], [-1e4, 1e4, 1e4]])
    labels = tf.constant([0, 1])
    upstream = tf.ones(2)
    found = value_and_gradient(smoothed_cross_entropy, labels, logits, smoothing, upstream)
    wanted = value_and_gradient(plain, labels, logits, smoothing, upstream)
    assert_close(found[0], wanted[0], SUMS)
    assert_close(found[1], wanted[1], ROUNDING)


def test_a_hopeless_token_still_has_its_gradient():
    logits = tf.constant([[-1e4, 1e4, 0.0]])
    value, gradient = value_and_gradient(smoothed_cross_entropy, tf.constant([0]), logits, 0.0, tf.ones(1))
    assert np.isfinite(value).all()
    assert value[0] > 80
    assert_close(gradient, [[-1.0, 1.0, 0.0]], ROUNDING)


def test_padding_counts_for_nothing():
    rng = np.random.default_rng(3)
    logits = rng.normal(size=(2, 3, V)).astype("float32")
    labels = np.array([[5, 2, 0], [1, 0, 0]], "int32")
    loss = TokenCrossEntropy(label_smoothing=0.1)
    total, count = loss.totals(labels, logits)
    real = labels > 0
    wanted = plain(tf.constant(labels[real]), tf.constant(logits[real]), 0.1).numpy()
    assert float(count) == 3
    assert_close(total, wanted.sum(), SUMS)
    assert_close(loss(labels, logits), wanted.mean(), SUMS)
    changed = np.where(real[..., None], logits, 99.0)
    assert_close(loss(labels, changed), wanted.mean(), SUMS)


def test_nothing_but_padding_is_no_loss():
    loss = TokenCrossEntropy()(np.zeros((2, 3), "int32"), np.ones((2, 3, V), "float32"))
    assert float(loss) == 0


def test_half_precision_logits_are_summed_in_float32():
    logits = tf.cast(np.random.default_rng(3).normal(size=(1, 3, V)), tf.bfloat16)
    loss = TokenCrossEntropy()(np.array([[1, 2, 3]], "int32"), logits)
    assert loss.dtype == tf.float32
    assert_close(loss, plain(tf.constant([1, 2, 3]), tf.cast(logits[0], tf.float32), 0.0).numpy().mean(), SUMS)


def test_it_survives_saving():
    loss = TokenCrossEntropy(label_smoothing=0.2, pad_id=1)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    assert again.get_config() == {
        "label_smoothing": 0.2,
        "pad_id": 1,
        "name": "token_cross_entropy",
        "reduction": "mean_with_sample_weight",
    }


def test_one_that_was_saved_before_it_had_a_reduction():
    config = {"label_smoothing": 0.2, "pad_id": 1, "name": "token_cross_entropy"}
    assert TokenCrossEntropy.from_config(config).reduction == "mean_with_sample_weight"
