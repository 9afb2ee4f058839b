import keras
import numpy as np
import pytest
import tensorflow as tf
from close import NETWORK, SUMS, assert_close

from keras_transformers.api.build import build
from keras_transformers.decoding import Greedy
from keras_transformers.decoding.greedy import forbid
from keras_transformers.text.special import BOS, EOS, PAD

V = 23
SOURCE = np.array([[5, 9, 4, 11, 3], [7, 3, 0, 0, 0], [3, 0, 0, 0, 0]], "int32")


@pytest.fixture(scope="module")
def model():
    small = {"model.dim": 16, "model.vocab_size": V, "model.encoder.layers": 1, "model.decoder.layers": 1}
    model = build("transformer_tiny", small)
    keras.utils.set_random_seed(3)
    for variable in model.trainable_variables:  # so that outputs are no constants
        variable.assign(variable + 0.3 * keras.random.normal(variable.shape))
    return model


@pytest.fixture(scope="module")
def decode():
    return tf.function(Greedy(max_ratio=1.0, max_extra=7), reduce_retracing=True)


def reference(model, source, limit):
    """Return ids and score of one sentence, decoded without a cache."""
    output, score = [BOS], 0.0
    while len(output) <= limit and output[-1] != EOS:
        target = np.pad(output, (0, limit - len(output) + 1)).astype("int32")
        logits = model({"source": np.pad(source, (0, 1))[None], "target": target[None]})[0, len(output) - 1].numpy()
        logits[[PAD, BOS]] = -np.inf
        log_probability = logits - np.log(np.exp(logits - logits.max()).sum()) - logits.max()
        output.append(int(log_probability.argmax()))
        score += log_probability.max()
    return output[1:], score


def test_it_takes_the_most_probable_token_at_each_step(model, decode):
    found, scores = decode(model, SOURCE)
    assert found.shape == (3, SOURCE.shape[1] + 7)
    for source, output, score in zip(SOURCE, found.numpy(), scores.numpy()):
        source = source[source > 0]
        wanted, total = reference(model, source, limit=len(source) + 7)
        assert output[: len(wanted)].tolist() == wanted
        assert (output[len(wanted) :] == PAD).all()
        assert score == pytest.approx(total, rel=NETWORK)


def test_a_sentence_does_not_depend_on_the_others(model, decode):
    together, scores = decode(model, SOURCE)
    for row in range(3):
        source = SOURCE[row][SOURCE[row] > 0]
        alone, score = decode(model, source[None])
        width = alone.shape[1]
        np.testing.assert_array_equal(alone[0], together[row, :width])
        assert (together[row, width:].numpy() == PAD).all()
        assert float(score[0]) == pytest.approx(float(scores[row]), rel=NETWORK)


@pytest.mark.parametrize(("ratio", "extra", "limit"), [(1.5, 12, 20), (1.0, 0, 5), (0.5, 1, 4)])
def test_limit(ratio, extra, limit):
    assert int(Greedy(ratio, extra).limit(5)) == limit


def test_nothing_to_decode(model, decode):
    found, scores = decode(model, SOURCE[:0])
    assert found.shape == (0, SOURCE.shape[1] + 7)
    assert scores.shape == (0,)


def test_padding_and_start_are_impossible():
    logits = np.zeros((2, V), "float32")
    logits[:, [PAD, BOS]] = 99.0
    probability = tf.nn.softmax(forbid(tf.constant(logits))).numpy()
    assert (probability[:, [PAD, BOS]] == 0).all()
    assert_close(probability.sum(-1), 1, SUMS)
