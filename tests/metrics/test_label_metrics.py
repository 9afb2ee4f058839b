import numpy as np
import pytest

from keras_transformers.metrics.correlation import Pearson, Spearman, ranks
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


def test_correlations():
    rng = np.random.default_rng(3)
    one = rng.normal(size=103)
    two = one + rng.normal(size=103)
    assert Pearson()(one, two)["pearson"] == pytest.approx(100 * np.corrcoef(one, two)[0, 1])
    assert Spearman()(one, np.exp(one))["spearman"] == pytest.approx(100)
    assert Pearson()([1.0, 1.0], [1.0, 2.0]) == {"pearson": 0.0}
    assert Spearman()([], []) == {"spearman": 0.0}


def test_equal_values_share_their_rank():
    assert ranks([30.0, 10.0, 30.0, 20.0, 30.0]).tolist() == [3.0, 0.0, 3.0, 1.0, 3.0]
