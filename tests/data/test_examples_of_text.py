import pytest

from keras_transformers.data import Pairs


def test_sides_are_equally_long():
    assert len(Pairs(["a", "b"], ["c", "d"])) == 2
    with pytest.raises(ValueError, match=r"`targets` must be as many as `sources` \(2\), but are 1"):
        Pairs(["a", "b"], ["c"])
