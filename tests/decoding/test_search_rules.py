"""Rules that hold for every search."""

import math

import numpy as np
import pytest
import tensorflow as tf
from small import SOURCE, V

from keras_transformers.decoding import Beam, Greedy, Sample
from keras_transformers.decoding.candidates import candidates, largest
from keras_transformers.decoding.rules import Past, Rules, to_the_right
from keras_transformers.errors import RecipeError
from keras_transformers.text.special import BOS, EOS, PAD

SEARCHES = {
    "greedy": Greedy,
    "beam": lambda **rules: Beam(beams=4, n_best=4, **rules),
    "sample": lambda **rules: Sample(samples=4, **rules),
}


@pytest.fixture(params=SEARCHES)
def search(request):
    return SEARCHES[request.param]


def answers(found):
    """Return the ids of every answer that there is, its end token included."""
    return [
        [token for token in ids.tolist() if token]
        for row, scores in zip(found.ids.numpy(), found.scores.numpy())
        for ids, score in zip(row, scores)
        if math.isfinite(score)
    ]


def test_padding_and_start_are_never_said_and_have_no_probability():
    logits = np.zeros((2, V), "float32")
    logits[:, [PAD, BOS]] = 99.0
    none = Past(tf.zeros((2, 0), tf.int32), tf.zeros((2,), tf.bool))
    for rules in (Rules(start=BOS), Rules(start=BOS, forbidden=(7,))):
        _, scores, ids = candidates(tf.constant(logits), V - 3, rules, none)
        assert not {PAD, BOS} & set(ids.numpy().flatten().tolist())
        assert scores.numpy() == pytest.approx(-math.log(V - 2), abs=1e-6)


def test_the_end_is_said_though_answers_begin_with_it():
    assert Rules(start=EOS).never == (PAD,)
    assert Rules(start=PAD).never == (PAD,)
    assert Rules(start=BOS).never == (PAD, BOS)


def test_a_least_length(model, search):
    for answer in answers(search(max_ratio=1.0, max_extra=9, min_length=5)(model, SOURCE)):
        assert len(answer) >= 6
        assert EOS not in answer[:5]


def test_a_least_length_by_the_source(model, search):
    found = search(max_ratio=2.0, max_extra=2, min_ratio=1.5)(model, SOURCE)
    for row, ids in enumerate(found.ids.numpy()):
        least = math.ceil(1.5 * np.count_nonzero(SOURCE[row]))
        for answer in ids:
            assert EOS not in answer[:least].tolist()


def test_a_greatest_length(model, search):
    assert max(map(len, answers(search(max_length=3)(model, SOURCE)))) <= 3


def test_forbidden_tokens(model, search):
    often = answers(search(max_extra=9)(model, SOURCE))
    favourite = int(np.bincount([token for answer in often for token in answer if token != EOS]).argmax())
    found = answers(search(max_extra=9, forbidden=[favourite])(model, SOURCE))
    assert found
    assert not any(favourite in answer for answer in found)


def test_a_forbidden_token_that_there_is_not(model):
    with pytest.raises(RecipeError) as caught:
        Greedy(forbidden=[5, V])(model, SOURCE)
    assert str(caught.value) == (
        f"`forbidden` names token {V}, but the vocabulary has tokens 0 to {V - 1}: leave it out."
    )


@pytest.mark.parametrize("length", [1, 2, 3])
def test_no_n_gram_is_said_twice(model, search, length):
    for answer in answers(search(max_extra=20, min_length=12, no_repeat_ngram=length)(model, SOURCE)):
        grams = [tuple(answer[place : place + length]) for place in range(len(answer) - length + 1)]
        assert len(set(grams)) == len(grams)


def test_an_n_gram_of_the_beginning_is_not_said_again(model):
    first = Greedy(max_extra=9)(model, SOURCE[:1]).ids[0, 0].numpy()
    given = np.array([[BOS, *first[:2], first[0]]], "int32")
    found = Greedy(max_extra=9, no_repeat_ngram=2)(model, {"source": SOURCE[:1], "target": given})
    assert found.ids[0, 0, 0] != first[1]


def test_what_was_said_counts_for_less():
    logits = tf.math.log(tf.constant([[0.0, 0.1, 0.0, 0.1, 0.45, 0.35]]))
    past = Past(tf.constant([[0, 4]]), tf.constant([False]))
    by, scores, ids = candidates(logits, 2, Rules(start=BOS, repetition_penalty=1.5), past)
    assert ids.numpy().tolist() == [[5, 4]]
    assert by.numpy()[0] == pytest.approx([math.log(0.35), 1.5 * math.log(0.45)], abs=1e-6)
    assert scores.numpy()[0] == pytest.approx([math.log(0.35), math.log(0.45)], abs=1e-6)


def test_where_nothing_is_left_to_say_the_answer_ends():
    logits = tf.zeros((1, 5))
    rules = Rules(start=BOS, forbidden=(1, EOS, 4))
    _, _, ids = candidates(logits, 1, rules, Past(tf.zeros((1, 0), tf.int32), tf.constant([False])))
    assert ids.numpy().tolist() == [[EOS]]


@pytest.mark.parametrize("size", [19, 1024, 1025, 8001, 32000])
@pytest.mark.parametrize("count", [1, 8, 19])
def test_the_largest(size, count):
    values = np.random.default_rng(size).normal(size=(4, size)).astype("float32")
    values[1, ::3] = 9.0  # ties
    values[2] = -np.inf
    values[2, 5] = 0.0
    best, ids = largest(tf.constant(values), count)
    wanted, where = tf.math.top_k(values, count)
    np.testing.assert_array_equal(best, wanted)
    finite = np.isfinite(wanted.numpy())
    np.testing.assert_array_equal(ids.numpy()[finite], where.numpy()[finite])


def test_padding_moves_to_the_beginning():
    assert to_the_right(tf.constant([[5, 6, 0], [0, 0, 0], [7, 0, 0]])).numpy().tolist() == [
        [0, 5, 6], [0, 0, 0], [0, 0, 7],
    ]  # fmt: skip


@pytest.mark.parametrize("where", ["logits", "infinite"])
def test_a_model_that_is_broken_does_not_answer(model, search, where):
    table = model.embed.embedding.table
    before = table.numpy()
    try:
        table.assign(np.where(np.arange(V)[:, None] == 6, np.nan if where == "logits" else np.inf, before))
        sentence = "The logits of the model are no numbers"
        with pytest.raises(tf.errors.InvalidArgumentError, match=sentence):
            tf.function(search())(model, SOURCE)
    finally:
        table.assign(before)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (
            {"min_length": 9, "max_length": 9},
            "`min_length` (9) must be below `max_length` (9), which counts the end token.",
        ),
        ({"min_ratio": 2.0}, "`min_ratio` (2.0) must be at most `max_ratio` (1.5)."),
    ],
)
def test_limits_that_contradict_each_other(search, settings, sentence):
    with pytest.raises(RecipeError) as caught:
        search(**settings)
    assert str(caught.value) == sentence
