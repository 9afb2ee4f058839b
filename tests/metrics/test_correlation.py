import math

import numpy as np
import pytest

from keras_transformers.errors import DataError
from keras_transformers.metrics.correlation import Pearson, Spearman, ranks


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


@pytest.mark.parametrize("metric", [Pearson(), Spearman()])
@pytest.mark.parametrize("constant", [0.1, 3.0, 1e30])
def test_a_model_that_says_one_number_of_all(metric, constant):
    """Rounding leaves no correlation of the last bits: the mean of 0.1, 0.1, 0.1 is not 0.1."""
    assert metric([constant] * 7, [0.3, 0.1, 4.0, 2.0, 1.0, 7.0, 0.2]) == {metric.name: 0.0}


@pytest.mark.parametrize("metric", [Pearson(), Spearman()])
@pytest.mark.parametrize("wrong", [math.nan, math.inf])
def test_what_is_no_number_has_no_rank(metric, wrong):
    assert math.isnan(metric([0.1, 0.2, wrong], [1.0, 2.0, 3.0])[metric.name])


@pytest.mark.parametrize("metric", [Pearson(), Spearman()])
def test_a_model_that_is_always_right(metric):
    numbers = [0.5, 4.0, 4.0, 1e-30, 1e30]
    assert metric.check(numbers, "data.valid") == []
    assert metric(numbers, numbers)[metric.name] == pytest.approx(100)


@pytest.mark.parametrize("metric", [Pearson(), Spearman()])
def test_right_numbers_that_do_not_differ(metric):
    with pytest.raises(DataError) as raised:
        metric.check([2.5] * 11, "data.valid")
    assert str(raised.value) == (
        f"`metric/{metric.name}` cannot score data.valid: a correlation needs two numbers that differ, and all of its "
        "11 are 2.5; give text with others, or leave the text out."
    )
