"""Models that decode together."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from close import NETWORK, assert_close

from keras_transformers.api.build import build
from keras_transformers.decoding import Beam, Greedy
from keras_transformers.errors import RecipeError
from keras_transformers.models.ensemble import Ensemble

V = 23
SOURCE = np.array([[5, 9, 4, 11, 3], [7, 3, 0, 0, 0]], "int32")
TARGET = np.array([[2, 6, 8, 9], [2, 11, 4, 7]], "int32")


def member(seed, **changes):
    small = {"model.dim": 16, "model.vocab_size": V, "model.encoder.layers": 1, "model.decoder.layers": 1, **changes}
    model = build("transformer_tiny", small)
    keras.utils.set_random_seed(seed)
    for variable in model.trainable_variables:
        variable.assign(variable + 0.3 * keras.random.normal(variable.shape))
    return model


@pytest.fixture(scope="module")
def members():
    return [member(3), member(4, **{"model.dim": 24, "model.decoder.layers": 2})]


def test_a_logit_is_the_mean_of_log_probabilities(members):
    found = Ensemble(members)({"source": SOURCE, "target": TARGET})
    logits = [np.asarray(one({"source": SOURCE, "target": TARGET}), "float64") for one in members]
    wanted = np.mean([one - np.log(np.exp(one).sum(-1, keepdims=True)) for one in logits], axis=0)
    assert_close(found, wanted, NETWORK)


def test_step_by_step_equals_the_whole_pass(members):
    ensemble = Ensemble(members)
    state = ensemble.hoisted(ensemble.begin({"source": SOURCE}, 4))
    found = []
    for place in range(4):
        logits, state = ensemble.step(TARGET[:, place : place + 1], state)
        found.append(logits)
    assert_close(np.concatenate(found, axis=1), ensemble({"source": SOURCE, "target": TARGET}), NETWORK)


@pytest.mark.parametrize("search", [Greedy(), Beam(beams=3, n_best=2)])
def test_one_model_twice_says_what_it_says_alone(members, search):
    alone, twice = search(members[0], SOURCE), tf.function(search)(Ensemble([members[0], members[0]]), SOURCE)
    np.testing.assert_array_equal(alone.ids, twice.ids)
    assert_close(twice.scores, alone.scores, NETWORK)


def test_two_models_say_what_neither_says_alone(members):
    search = Beam(beams=4, max_extra=9)
    together = search(Ensemble(members), SOURCE)
    target = np.concatenate([np.full((2, 1), 2), together.ids[:, 0, :-1]], axis=1).astype("int32")
    logits = np.array(Ensemble(members)({"source": SOURCE, "target": target}), "float64")
    logits[:, :, [0, 2]] = -np.inf
    each = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    for row in range(2):
        said = [one for one in together.ids[row, 0].numpy().tolist() if one]
        wanted = sum(each[row, place, token] for place, token in enumerate(said))
        assert float(together.scores[row, 0]) == pytest.approx(wanted, rel=1e-4)
        alone = [search(one, SOURCE[row : row + 1]).ids[0, 0].numpy().tolist() for one in members]
        assert [said] != [[token for token in ids if token] for ids in alone]


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (list, "An ensemble needs at least one model, but has none."),
        (
            lambda: [member(1), member(1, **{"model.vocab_size": 29})],
            "The models of an ensemble must have one `vocab_size`, but have 23 and 29.",
        ),
        (
            lambda: [member(1), member(1, **{"model.start": 3})],
            "The models of an ensemble must have one `start`, but have 2 and 3.",
        ),
        (
            lambda: [keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])],
            "An ensemble decodes, which a Sequential does not: its models must say their output token by token, such "
            "as `model/transformer`.",
        ),
    ],
)
def test_what_cannot_be_an_ensemble(make, sentence):
    with pytest.raises(RecipeError) as caught:
        Ensemble(make())
    assert str(caught.value) == sentence
