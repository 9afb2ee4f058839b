import numpy as np
import pytest

from keras_transformers.data.batches.batching import Ids, padded_lengths
from keras_transformers.data.batches.sequences import IGNORED, Sequences

N = 101
LIMIT = 97


def ids(lengths, first=4):
    starts = np.concatenate([[0], np.cumsum(lengths)])
    return Ids(np.arange(first, first + starts[-1], dtype=np.int32), starts)


@pytest.fixture(scope="module")
def sequences():
    tokens = ids(np.random.default_rng(3).integers(2, 31, N))
    labels = {"label": np.arange(N, dtype=np.int32), "tag": tokens}
    return Sequences({"tokens": tokens, "segments": tokens}, labels, batch_tokens=LIMIT, seed=7)


@pytest.mark.parametrize("epoch", [None, 0, 1])
def test_every_sequence_once_in_batches_under_the_bound(sequences, epoch):
    plan = sequences.plan(epoch)
    assert sorted(np.concatenate(plan)) == list(range(N))
    assert all(sequences.batch(rows)[0]["tokens"].size <= LIMIT for rows in plan)
    assert len(plan) == sequences.batches


def test_inputs_are_padded_with_nothing_and_labels_with_what_is_ignored():
    tokens = ids([2, 5])
    made = Sequences({"tokens": tokens}, {"label": np.array([0.5, 1.5], np.float32), "tag": tokens}, 99)
    inputs, labels = made.batch(np.array([1, 0]))
    width = padded_lengths(5)
    assert inputs["tokens"].shape == labels["tag"].shape == (2, width)
    assert inputs["tokens"][1].tolist() == [4, 5] + [0] * (width - 2)
    assert labels["tag"][1].tolist() == [4, 5] + [IGNORED] * (width - 2)
    assert labels["label"].tolist() == [1.5, 0.5]
    assert made.tokens == 7


def test_the_dataset_gives_what_the_batches_hold(sequences):
    dataset = sequences.dataset(lambda: 1, skip=2)
    assert int(dataset.cardinality()) == sequences.batches - 2
    for rows, (inputs, labels) in zip(sequences.plan(1)[2:], dataset, strict=True):
        wanted_inputs, wanted_labels = sequences.batch(rows)
        for found, wanted in ((inputs, wanted_inputs), (labels, wanted_labels)):
            assert set(found) == set(wanted)
            for name in found:
                np.testing.assert_array_equal(found[name], wanted[name])
                assert found[name].dtype == wanted[name].dtype


def test_what_a_batch_draws_depends_on_its_place_alone():
    class Drawn(Sequences):
        def batch(self, rows, rng=None):
            inputs, _ = super().batch(rows)
            return inputs, {"draw": rng.random(len(rows)).astype(np.float32)}

    made = Drawn({"tokens": ids([3, 3, 5, 7, 11])}, {}, batch_tokens=12, seed=5)

    def draws(epoch, skip=0):
        return [labels["draw"].numpy().tolist() for _, labels in made.dataset(epoch, skip)]

    assert draws(None) == draws(None)
    assert draws(lambda: 0)[1:] == draws(lambda: 0, skip=1)
    assert draws(lambda: 0) != draws(lambda: 1)
    assert draws(None) != draws(lambda: 0)
