"""The numbers expected were computed with SQuAD's own scripts, evaluate-v1.1.py and evaluate-v2.0.py."""

import pytest

from keras_transformers.errors import DataError
from keras_transformers.metrics.squad import (
    Prediction,
    SquadScore,
    best_threshold,
    exact_match,
    f1_score,
    normalize_answer,
)

OUTPUTS = ["The Aare!", "limmat and the  Rhine", "", "U.S.", "a 1,000", "the", "Bern", "", "Zürich", "x_y"]
REFERENCES = [
    ["Aare", "an Aare"],
    ["the Limmat", "Limmat, Rhine"],
    ["Bern"],
    ["us", "America"],
    ["1000 francs"],
    ["an"],
    [],
    [],
    ["Zurich", "in Zürich"],
    ["xy", "x y"],
]
NO_ANSWER = [-7.0, -3.0, 2.0, -2.0, 0.5, 1.0, 1.5, 3.0, -1.0, 0.25]
EXPECTED_1 = {"exact_match": 50.0, "f1": 64.16666666666666}
EXPECTED_2 = {
    "exact": 50.0,
    "f1": 71.33333333333334,
    "total": 10,
    "HasAns_exact": 50.0,
    "HasAns_f1": 76.66666666666667,
    "HasAns_total": 8,
    "NoAns_exact": 50.0,
    "NoAns_f1": 50.0,
    "NoAns_total": 2,
    "best_exact": 60.0,
    "best_exact_thresh": 1.0,
    "best_f1": 81.33333333333333,
    "best_f1_thresh": 1.0,
}


def said(outputs, no_answer=None):
    """Predictions whose best answer is the one given."""
    return [Prediction(text, text, sure) for text, sure in zip(outputs, no_answer or [0.0] * len(outputs))]


def test_version_2_with_its_best_thresholds():
    assert SquadScore()(said(OUTPUTS, NO_ANSWER), REFERENCES) == EXPECTED_2


def test_version_1():
    rows = [i for i, right in enumerate(REFERENCES) if right]
    scores = SquadScore()(said([OUTPUTS[i] for i in rows]), [REFERENCES[i] for i in rows])
    assert scores == EXPECTED_1


def test_versions_differ_where_an_answer_is_an_article_alone():
    assert SquadScore("v1.1")(said(["the"]), [["an"]]) == {"exact_match": 100.0, "f1": 0.0}
    assert SquadScore("v2.0")(said(["the"]), [["an"]])["f1"] == 100.0


@pytest.mark.parametrize("references", [REFERENCES, REFERENCES[:3], [[], []]])
def test_a_model_that_is_always_right(references):
    metric = SquadScore()
    assert metric.check(references, "data.valid") == []
    scores = metric(metric.perfect(references), references)
    exact = scores["exact" if "exact" in scores else "exact_match"]
    assert exact == 100.0
    # SQuAD 1.1's script gives 0 to an answer of articles alone, which none of the first three is.
    assert scores["f1"] == 100.0


def test_version_1_of_questions_without_an_answer():
    with pytest.raises(DataError) as raised:
        SquadScore("v1.1").check(REFERENCES, "data.valid")
    assert str(raised.value) == (
        "`metric/squad` cannot score data.valid: 2 of its 10 questions have no answer, of which SQuAD 1.1 knows none; "
        "set `version` to `v2.0`, or leave it out."
    )


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("The  Cat's\u00a0A-hat.", "cats ahat"),
        ("“quoted”, «the»", "“quoted” « »"),  # ASCII punctuation only, as in the script
        ("a an theatre", "theatre"),
        ("", ""),
    ],
)
def test_normalization(text, normal):
    assert normalize_answer(text) == normal


def test_words_shared_twice_count_twice():
    assert f1_score("new new york", "new york new city") == pytest.approx(6 / 7)
    assert f1_score("no", "yes") == 0
    assert (exact_match("A dog", "dog"), exact_match("dogs", "dog")) == (1, 0)


def test_a_threshold_that_says_nothing_is_answered():
    assert best_threshold(["x", "y"], [0, 0], [1.0, 2.0], [True, False]) == (50.0, 0.0)
    assert best_threshold(["x", "y"], [1, 0], [1.0, 2.0], [True, False]) == (100.0, 1.0)
