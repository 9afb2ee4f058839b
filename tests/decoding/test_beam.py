"""Beam search against enumeration of all answers, and against a second search in NumPy."""

import itertools

import numpy as np
import pytest
import tensorflow as tf
from close import NETWORK
from small import SOURCE, Reference, V, beam_search, rnn, transformer

from keras_transformers.decoding import Beam, Greedy
from keras_transformers.errors import RecipeError
from keras_transformers.models import Decodable
from keras_transformers.text.special import BOS, EOS, PAD

SMALL = 7
TINY = np.array([[5, 4, 6], [6, 0, 0]], "int32")
FEW = 5
"""Most tokens of an answer, where all are enumerated."""


@pytest.fixture(scope="module", params=[transformer, rnn], ids=["transformer", "rnn"])
def tiny(request):
    return request.param(SMALL, noise=0.6)


def every_answer(reference, alpha, limit=FEW):
    """Return (rank, score, ids) of every answer of at most `limit` tokens, best first."""
    tokens = [token for token in range(SMALL) if token not in (PAD, BOS)]
    going, answers = [((), 0.0)], []
    for length in range(1, limit + 1):
        gains = reference.of_all([said for said, _ in going])
        ways = [(said + (t,), total + gain[t]) for (said, total), gain in zip(going, gains) for t in tokens]
        ended = [way for way in ways if way[0][-1] == EOS or length == limit]
        answers += [(total / ((5 + length) / 6) ** alpha, total, list(said)) for said, total in ended]
        going = [way for way in ways if way[0][-1] != EOS]
    return sorted(answers, key=lambda answer: -answer[0])


def said(found, row, answer=0):
    ids = found.ids[row, answer].numpy()
    return ids[ids > 0].tolist()


@pytest.mark.parametrize("alpha", [0.0, 0.6, 1.0, -0.5])
def test_with_as_many_beams_as_beginnings_it_finds_the_best_of_all_answers(tiny, alpha):
    search = Beam(beams=4**FEW, length_penalty=alpha, n_best=5, max_length=FEW, max_ratio=9.0)
    found = tf.function(search)(tiny, TINY)
    for row, source in enumerate(TINY):
        wanted = every_answer(Reference(tiny, source, FEW), alpha)
        assert len(wanted) > 4**FEW
        for answer, (_, score, ids) in enumerate(wanted[:5]):
            assert said(found, row, answer) == ids
            assert float(found.scores[row, answer]) == pytest.approx(score, abs=1e-5)
            assert float(tf.reduce_sum(found.token_scores[row, answer])) == pytest.approx(score, abs=1e-5)


@pytest.mark.parametrize("early", [False, True], ids=["exact", "early"])
@pytest.mark.parametrize(("beams", "alpha"), list(itertools.product([2, 4], [0.0, 0.6, 1.0, -0.5])))
def test_it_finds_what_a_plain_search_finds(model, beams, alpha, early):
    search = Beam(beams=beams, length_penalty=alpha, n_best=beams, max_ratio=1.0, max_extra=7, early=early)
    found = tf.function(search)(model, SOURCE)
    for row, source in enumerate(SOURCE):
        limit = np.count_nonzero(source) + 7
        wanted = beam_search(Reference(model, source, limit), beams, limit, alpha, n_best=beams, early=early)
        assert [said(found, row, answer) for answer in range(beams)] == [ids for ids, _ in wanted]
        assert found.scores[row].numpy() == pytest.approx([score for _, score in wanted], rel=NETWORK, abs=1e-5)


def test_one_beam_is_greedy(model):
    one = Beam(beams=1, max_ratio=1.0, max_extra=7)(model, SOURCE)
    greedy = Greedy(max_ratio=1.0, max_extra=7)(model, SOURCE)
    for row in range(len(SOURCE)):
        steps = said(greedy, row)
        assert EOS in steps or len(steps) == np.count_nonzero(SOURCE[row]) + 7
        if EOS not in said(one, row)[:-1]:
            assert float(one.scores[row, 0]) >= float(greedy.scores[row, 0]) - 1e-5


@pytest.mark.parametrize("early", [False, True], ids=["exact", "early"])
def test_a_sentence_does_not_depend_on_the_others(model, early):
    rng = np.random.default_rng(7)
    many = rng.integers(4, V, (64, 9)).astype("int32") * (np.arange(9) < rng.integers(1, 10, (64, 1)))
    search = tf.function(Beam(beams=4, n_best=2, early=early), reduce_retracing=True)
    together = search(model, many)
    for row in range(0, 64, 9):
        alone = search(model, many[row : row + 1, : np.count_nonzero(many[row])])
        for answer in range(2):
            assert said(alone, 0, answer) == said(together, row, answer)
            assert float(alone.scores[0, answer]) == pytest.approx(float(together.scores[row, answer]), rel=NETWORK)


def test_answers_begin_as_is_asked(model):
    target = np.array([[BOS, 5, 9], [BOS, 0, 0], [BOS, V - 1, 0]], "int32")
    search = Beam(beams=3, n_best=3, max_ratio=1.0, max_extra=7)
    found = tf.function(search)(model, {"source": SOURCE, "target": target})
    for row, source in enumerate(SOURCE):
        given = tuple(target[row][target[row] > 0][1:].tolist())
        limit = np.count_nonzero(source) + 7
        reference = Reference(model, source, limit)

        class After:
            def of_all(self, beginnings, reference=reference, given=given):
                return reference.of_all([given + said for said in beginnings])

        wanted = beam_search(After(), 3, limit - len(given), 0.6, n_best=3)
        assert [said(found, row, answer) for answer in range(3)] == [ids for ids, _ in wanted]
        assert found.scores[row].numpy() == pytest.approx([score for _, score in wanted], rel=NETWORK, abs=1e-5)


@pytest.mark.parametrize("early", [False, True], ids=["exact", "early"])
def test_a_least_length(model, early):
    search = Beam(beams=3, n_best=3, max_ratio=1.0, max_extra=7, min_length=4, early=early)
    found = search(model, SOURCE)
    for row, source in enumerate(SOURCE):
        limit = np.count_nonzero(source) + 7
        wanted = beam_search(Reference(model, source, limit), 3, limit, 0.6, n_best=3, least=4, early=early)
        assert [said(found, row, answer) for answer in range(3)] == [ids for ids, _ in wanted]


class Counting(Decodable):
    """A model of fixed probabilities at each step, of EOS and the tokens 4 and 5, that counts its steps."""

    def __init__(self, chances):
        self.chances, self.steps = chances, 0

    def begin(self, inputs, length):
        return {"rows": inputs["source"]}

    def step(self, ids, state):
        logits = np.full((ids.shape[0], 1, SMALL), -1e9, "float32")
        logits[:, :, [EOS, 4, 5]] = np.log(self.chances[min(self.steps, len(self.chances) - 1)])
        self.steps += 1
        return tf.constant(logits), state

    def choose(self, state, parents):
        return {"rows": tf.gather(state["rows"], parents)}


@pytest.mark.parametrize(
    ("chances", "alpha", "steps"),
    [
        # The end has 0.6; what goes on has 0.4 at most, whatever follows.
        ([(0.6, 0.3, 0.1)], 0.0, 1),
        # A step later the end has 0.4 · 0.99: less than 0.5 at once, but 0.4 might still have become as much as 0.39.
        ([(0.39, 0.4, 0.21), (0.99, 0.005, 0.005)], 0.0, 2),
        # ln 0.5 = -0.69 against ln 0.3 = -1.20 over at most 15/6: -0.48 is better, until the beam has lost more.
        ([(0.5, 0.3, 0.2), (0.5, 0.3, 0.2), (0.5, 0.3, 0.2)], 1.0, 2),
    ],
)
def test_it_stops_when_nothing_can_become_better_and_not_before(chances, alpha, steps):
    model = Counting(chances)
    search = Beam(beams=2, length_penalty=alpha, max_length=10, max_ratio=9.0)
    found = search(model, tf.constant(TINY[:1, :1]))
    assert model.steps == steps
    assert found.ids[0, 0].numpy()[0] in (EOS, 4)


def test_what_has_ended_early_says_nothing_more():
    """One row in five ends at once and waits for the others, which must not end yet."""
    source = np.array([[5, 0, 0, 0, 0, 0]] + 4 * [[5] * 6], "int32")
    search = Beam(beams=2, length_penalty=3.0, early=True, min_ratio=1.0, max_ratio=3.0)
    together, alone = (search(Counting([(0.5, 0.3, 0.2)]), rows) for rows in (source, source[:1, :1]))
    assert said(together, 0) == said(alone, 0)
    assert float(together.scores[0, 0]) == pytest.approx(float(alone.scores[0, 0]))


def test_more_answers_than_beams():
    with pytest.raises(RecipeError) as caught:
        Beam(beams=2, n_best=3)
    assert str(caught.value) == "`n_best` (3) must be at most `beams` (2): a search finds no more answers."


def test_more_beams_than_there_are_answers(tiny):
    found = Beam(beams=9, n_best=9, max_length=1, max_ratio=9.0)(tiny, TINY)
    exists = np.isfinite(found.scores.numpy())
    assert exists.sum(axis=1).tolist() == [SMALL - 2, SMALL - 2]
    assert not found.ids.numpy()[~exists].any()
