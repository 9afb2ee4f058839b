import numpy as np
import pytest

from keras_transformers.data.batches.batching import EncodedPairs, Ids, cut_batches, padded_lengths
from keras_transformers.text.special import BOS, EOS, PAD

N = 401
LIMIT = 211


def ids(lengths, first=4):
    starts = np.concatenate([[0], np.cumsum(lengths)])
    return Ids(np.arange(first, first + starts[-1], dtype=np.int32), starts)


@pytest.fixture(scope="module")
def pairs():
    rng = np.random.default_rng(3)
    return EncodedPairs(ids(rng.integers(0, 31, N)), ids(rng.integers(0, 37, N)), batch_tokens=LIMIT, seed=7)


@pytest.mark.parametrize("epoch", [None, 0, 1])
def test_every_sentence_once_an_epoch(pairs, epoch):
    assert sorted(np.concatenate(pairs.plan(epoch))) == list(range(N))


@pytest.mark.parametrize("epoch", [None, 0, 1])
def test_no_batch_is_over_the_bound(pairs, epoch):
    for rows in pairs.plan(epoch):
        inputs, labels = pairs.batch(rows)
        assert inputs["source"].size + labels.size <= LIMIT


def test_batches_are_nearly_full(pairs):
    sizes = [pairs.batch(rows)[0]["source"].size + pairs.batch(rows)[1].size for rows in pairs.plan()]
    assert np.mean(sizes) > 0.8 * LIMIT


def test_a_pair_over_the_bound_is_a_batch_of_its_own():
    batches = cut_batches([np.array([5, 99, 5]), np.array([5, 99, 5])], 40)
    assert [sorted(rows) for rows in batches] == [[0, 2], [1]]


def test_seed_and_epoch_decide_the_plan(pairs):
    def plan(epoch, seed=7):
        made = EncodedPairs(pairs.sources, pairs.targets, LIMIT, seed).plan(epoch)
        return [list(rows) for rows in made]

    assert plan(3) == plan(3)
    assert plan(3) != plan(4)
    assert plan(3) != plan(3, seed=8)


def test_the_number_of_batches_is_the_same_in_each_epoch(pairs):
    assert {len(pairs.plan(epoch)) for epoch in range(7)} == {pairs.batches}


def test_a_batch_teaches_the_next_token():
    pairs = EncodedPairs(ids([2, 0]), ids([3, 1], first=14), batch_tokens=99)
    inputs, labels = pairs.batch(np.array([0, 1]))
    width = padded_lengths(4)
    assert inputs["source"][:, :3].tolist() == [[4, 5, EOS], [EOS, PAD, PAD]]
    assert inputs["target"][:, :4].tolist() == [[BOS, 14, 15, 16], [BOS, 17, PAD, PAD]]
    assert labels[:, :4].tolist() == [[14, 15, 16, EOS], [17, EOS, PAD, PAD]]
    assert inputs["target"].shape == labels.shape == (2, width)
    for table in (*inputs.values(), labels):
        assert table.dtype == np.int32
        assert (table[:, 4:] == PAD).all()


def test_widths_are_padded_so_that_there_are_few_of_them(pairs):
    widths = {pairs.batch(rows)[0]["source"].shape[1] for rows in pairs.plan()}
    assert all(width == padded_lengths(width) for width in widths)
    exact = {int(pairs.sources.lengths[rows].max()) + 1 for rows in pairs.plan()}
    assert len(widths) <= len(exact) / 2 + 1


def test_tokens_are_the_real_ones(pairs):
    real = sum(
        np.count_nonzero(inputs["source"]) + np.count_nonzero(labels)
        for inputs, labels in (pairs.batch(rows) for rows in pairs.plan())
    )
    assert pairs.tokens == real


def test_the_dataset_follows_the_plan_of_each_epoch(pairs):
    epoch = 0
    dataset = pairs.dataset(lambda: epoch)
    assert int(dataset.cardinality()) == pairs.batches
    for epoch in (0, 1):
        seen = [labels.numpy() for _, labels in dataset]
        for rows, labels in zip(pairs.plan(epoch), seen, strict=True):
            np.testing.assert_array_equal(labels, pairs.batch(rows)[1])


def test_the_dataset_goes_on_in_the_middle_of_an_epoch(pairs):
    dataset = pairs.dataset(lambda: 2, skip=5)
    assert int(dataset.cardinality()) == pairs.batches - 5
    first = next(iter(dataset))[1].numpy()
    np.testing.assert_array_equal(first, pairs.batch(pairs.plan(2)[5])[1])
