import numpy as np
import pytest
import tensorflow as tf
from close import NETWORK
from small import SOURCE, V

from keras_transformers.decoding import Greedy
from keras_transformers.text.special import BOS, EOS, PAD


@pytest.fixture(scope="module")
def decode():
    return tf.function(Greedy(max_ratio=1.0, max_extra=7), reduce_retracing=True)


def reference(model, source, limit, said=()):
    """Return ids and their scores for one sentence, decoded without a cache."""
    output, scores = [BOS, *said], []
    while len(output) <= limit and output[-1] != EOS:
        target = np.pad(output, (0, limit - len(output) + 1)).astype("int32")
        logits = model({"source": np.pad(source, (0, 1))[None], "target": target[None]})[0, len(output) - 1].numpy()
        logits[[PAD, BOS]] = -np.inf
        log_probability = logits - np.log(np.exp(logits - logits.max()).sum()) - logits.max()
        output.append(int(log_probability.argmax()))
        scores.append(log_probability.max())
    return output[1 + len(said) :], scores


def test_it_takes_the_most_probable_token_at_each_step(model, decode):
    found = decode(model, SOURCE)
    assert found.ids.shape == (3, 1, SOURCE.shape[1] + 7)
    for row, source in enumerate(SOURCE):
        source = source[source > 0]
        wanted, scores = reference(model, source, limit=len(source) + 7)
        output = found.ids[row, 0].numpy()
        assert output[: len(wanted)].tolist() == wanted
        assert (output[len(wanted) :] == PAD).all()
        assert found.token_scores[row, 0].numpy()[: len(wanted)] == pytest.approx(scores, rel=NETWORK, abs=1e-5)
        assert float(found.scores[row, 0]) == pytest.approx(sum(scores), rel=NETWORK)


def test_a_sentence_does_not_depend_on_the_others(model, decode):
    together = decode(model, SOURCE)
    for row in range(3):
        alone = decode(model, SOURCE[row][SOURCE[row] > 0][None])
        width = alone.ids.shape[2]
        np.testing.assert_array_equal(alone.ids[0, 0], together.ids[row, 0, :width])
        assert (together.ids[row, 0, width:].numpy() == PAD).all()
        assert float(alone.scores[0, 0]) == pytest.approx(float(together.scores[row, 0]), rel=NETWORK)


@pytest.mark.parametrize(("ratio", "extra", "limit"), [(1.5, 12, 20), (1.0, 0, 5), (0.5, 1, 4)])
def test_limit(ratio, extra, limit):
    assert int(Greedy(ratio, extra).limit(5)) == limit


def test_nothing_to_decode(model, decode):
    found = decode(model, SOURCE[:0])
    assert found.ids.shape[:2] == (0, 1)
    assert found.scores.shape == (0, 1)


def test_words_come_one_by_one(model, decode):
    found = decode(model, SOURCE[:1])
    said = list(Greedy(max_ratio=1.0, max_extra=7).tokens(model, tf.constant(SOURCE[:1])))
    assert said == [one for one in found.ids[0, 0].numpy().tolist() if one]


BEGINNINGS = [[5, 9], [], [V - 1]]
"""The start of each answer, of another length in each row."""


def test_answers_begin_as_is_asked(model, decode):
    longest = max(map(len, BEGINNINGS)) + 1
    target = np.array([[BOS, *one] + [0] * (longest - 1 - len(one)) for one in BEGINNINGS], "int32")
    found = decode(model, {"source": SOURCE, "target": target})
    for row, source in enumerate(SOURCE):
        source = source[source > 0]
        wanted, scores = reference(model, source, len(source) + 7, BEGINNINGS[row])
        assert found.ids[row, 0].numpy()[: len(wanted)].tolist() == wanted
        assert not found.ids[row, 0].numpy()[len(wanted) :].any()
        assert float(found.scores[row, 0]) == pytest.approx(sum(scores), rel=NETWORK, abs=1e-5)
