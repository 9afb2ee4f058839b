import numpy as np
import pytest

from keras_transformers.errors import DataError
from keras_transformers.metrics.label import F1, Accuracy, Matthews

OUTPUTS = list("aabbcca")
RIGHT = list("abbbcac")


def test_accuracy():
    assert Accuracy()(OUTPUTS, RIGHT) == {"accuracy": pytest.approx(100 * 4 / 7)}
    assert Accuracy()([], []) == {"accuracy": 0.0}


def test_f1_of_a_label_and_of_all():
    assert F1("b")(OUTPUTS, RIGHT) == {"f1": pytest.approx(100 * 2 * 2 / (2 + 3))}
    each = [F1(label)(OUTPUTS, RIGHT)["f1"] for label in "abc"]
    assert F1()(OUTPUTS, RIGHT) == {"f1": pytest.approx(np.mean(each))}
    assert F1("z")(OUTPUTS, RIGHT) == {"f1": 0.0}


def test_matthews_of_two_labels_is_the_correlation_of_bits():
    rng = np.random.default_rng(3)
    one, two = rng.integers(0, 2, 101), rng.integers(0, 2, 101)
    wanted = 100 * np.corrcoef(one, two)[0, 1]
    assert Matthews()([str(x) for x in one], [str(x) for x in two])["matthews"] == pytest.approx(wanted)
    assert Matthews()(["a"] * 5, list("ababa")) == {"matthews": 0.0}


def test_f1_of_a_label_that_nobody_says():
    assert F1()(["a", "a"], ["a", "b"]) == {"f1": pytest.approx(100 * (2 / 3 + 0) / 2)}


@pytest.mark.parametrize("metric", [Accuracy(), F1(), F1("b"), Matthews()])
def test_a_model_that_is_always_right(metric):
    assert metric.check(RIGHT, "data.valid") == []
    assert metric(RIGHT, RIGHT)[metric.name] == 100.0


def refusal(metric, references, labels=None):
    with pytest.raises(DataError) as raised:
        metric.check(references, "data.valid", labels)
    return str(raised.value)


def test_f1_of_a_label_that_no_example_has():
    assert refusal(F1("fruits"), ["fruit", "metal", "fruit"]) == (
        "`metric/f1` cannot score data.valid: no example has the label `fruits`. Did you mean `fruit`? Set `label` to "
        "one of those that it has (`fruit`, `metal`), leave `label` out for the mean of all, or choose `accuracy`."
    )
    assert refusal(F1("z"), list("abcdefg"), list("abcdefgz")) == (
        "`metric/f1` cannot score data.valid: no example has the label `z`. Set `label` to one of those that it has "
        "(`a`, `b`, `c`, `d`, `e` and 2 more), leave `label` out for the mean of all, or choose `accuracy`."
    )


def test_matthews_of_one_label():
    assert refusal(Matthews(), ["a"] * 7) == (
        "`metric/matthews` cannot score data.valid: a correlation needs two labels, and all of its 7 examples have "
        "`a`; choose another with --set 'task.metrics=[accuracy]'."
    )
