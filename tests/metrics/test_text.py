import pytest

from keras_transformers.errors import DataError
from keras_transformers.metrics.text import Bleu, Chrf, ExactMatch

REFERENCES = ["The cat sat on the mat.", "Yes.", "", "Das ist ein Satz mit Wörtern."]


@pytest.mark.parametrize("metric", [Bleu(), Chrf(), ExactMatch(), Bleu("char")])
def test_a_model_that_is_always_right(metric):
    assert metric.check(REFERENCES, "data.valid") == []
    assert metric(REFERENCES, REFERENCES)[metric.name] == pytest.approx(100)
    assert metric(["dog"] * 4, REFERENCES)[metric.name] < 20


def test_exact_match():
    assert ExactMatch()(["a", "b", "c"], ["a", "b", "d"]) == {"exact_match": pytest.approx(200 / 3)}


@pytest.mark.parametrize("metric", [Bleu(), Chrf(), ExactMatch()])
def test_references_that_are_empty(metric):
    with pytest.raises(DataError) as raised:
        metric.check(["", " ", "\t"], "data.valid")
    assert str(raised.value) == (
        f"`metric/{metric.name}` cannot score data.valid: all of its 3 references are empty; give the file of the "
        "right texts."
    )


def test_bleu_of_short_references():
    """It is 0 for a model that is always right, so that no epoch would be better than another."""
    dates = ["3 May", "4 June", "5 July"]
    assert Bleu()(dates, dates)["bleu"] == 0.0
    with pytest.raises(DataError) as raised:
        Bleu().check(dates, "data.valid")
    assert str(raised.value) == (
        "`metric/bleu` cannot score data.valid: BLEU counts runs of four words, which none of its references has, and "
        "gives 0 even to a model that is always right; choose another with --set 'task.metrics=[chrf]' or "
        "'[exact_match]', or, of a language written without spaces, `tokenize: zh` or `char`."
    )
    assert Bleu("char").check(dates, "data.valid") == []
    with pytest.raises(DataError, match="runs of four words"):
        Bleu().check(["猫坐在垫子上", "狗在跑"], "data.valid")
