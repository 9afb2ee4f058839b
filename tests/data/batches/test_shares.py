import numpy as np
import pytest

from keras_transformers.data.batches.batching import EncodedPairs, Ids
from keras_transformers.data.batches.shares import Shares
from keras_transformers.errors import DataError


def pairs(count, batch_tokens=64):
    lengths = np.random.default_rng(7).integers(1, 13, (2, count))
    sides = [Ids(np.full(side.sum(), 5, np.int32), np.concatenate([[0], np.cumsum(side)])) for side in lengths]
    return EncodedPairs(*sides, batch_tokens=batch_tokens, seed=3)


@pytest.mark.parametrize("replicas", [2, 3])
@pytest.mark.parametrize("count", [101, 102])
def test_each_example_is_in_one_batch_that_replicas_share(count, replicas):
    shares = Shares(pairs(count), replicas)
    for epoch in (None, 0, 1):
        plan = shares.plan(epoch)
        assert sorted(np.concatenate(plan)) == list(range(count))
        assert [len(rows) % replicas for rows in plan[:-1]] == [0] * (len(plan) - 1)
        assert len(plan[-1]) >= replicas
        assert len(plan) == shares.batches
    assert [rows.tolist() for rows in shares.plan(1)] == [rows.tolist() for rows in shares.plan(1)]
    assert [rows.tolist() for rows in shares.plan(0)] != [rows.tolist() for rows in shares.plan(1)]


def test_batches_hold_no_more_tokens_than_those_of_one_device():
    whole = pairs(102)
    for rows in Shares(whole, 2).plan(0):
        inputs, _ = whole.batch(rows)
        assert sum(ids.size for ids in inputs.values()) <= 64


def test_what_one_batch_holds_is_two_if_it_cannot_be_shared():
    whole = pairs(7, batch_tokens=4096)
    assert len(whole.plan()) == 1
    assert [len(rows) for rows in Shares(whole, 3).plan(0)] == [3, 4]
    assert [len(rows) for rows in Shares(pairs(6, batch_tokens=4096), 3).plan(0)] == [6]


def test_too_few_to_be_shared():
    with pytest.raises(DataError, match=r"^3 replicas cannot share 5 examples: there must be 6\.$"):
        Shares(pairs(5), 3)
    assert [len(rows) for rows in Shares(pairs(3), 3).plan(0)] == [3]
