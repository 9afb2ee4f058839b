from dataclasses import replace

import numpy as np
import pytest

from keras_transformers.data.batches.batching import EncodedPairs, Ids
from keras_transformers.data.batches.fingerprint import of_examples, of_plan
from keras_transformers.data.batches.masked import MaskedBlocks
from keras_transformers.data.batches.masking import Pieces
from keras_transformers.data.batches.sequences import Sequences


def ids(*rows):
    return Ids(np.array([one for row in rows for one in row], np.int32), np.cumsum([0, *map(len, rows)]))


def pairs(**changes):
    sources, targets = ids([5, 6], [7], [8, 9, 10]), ids([4], [5, 5], [6])
    return EncodedPairs(**{"sources": sources, "targets": targets, "batch_tokens": 13, "seed": 3, **changes})


def test_the_same_examples_and_batches():
    assert of_examples(pairs()) == of_examples(pairs())
    assert of_plan(pairs()) == of_plan(pairs())
    assert len(of_examples(pairs())) == 32


@pytest.mark.parametrize(
    "changed",
    [
        {"sources": ids([5, 6], [7], [8, 9, 11])},
        {"sources": ids([5], [6, 7], [8, 9, 10])},
        {"targets": ids([5, 5], [4], [6])},
    ],
)
def test_other_examples(changed):
    assert of_examples(pairs()) != of_examples(pairs(**changed))


def test_other_batches_of_the_same_examples():
    for changed in ({"seed": 4}, {"batch_tokens": 29}):
        assert of_plan(pairs()) != of_plan(pairs(**changed))
        assert of_examples(pairs()) == of_examples(pairs(**changed))


def test_where_targets_begin_counts():
    assert of_plan(pairs(start=3)) != of_plan(pairs())


def test_what_came_later_counts_only_where_it_is_used():
    """Runs of older versions go on in the middle of an epoch: these are theirs."""
    assert of_plan(pairs()) == "8d8cbea1cc8974fa6d6b6c004faef287"
    assert of_examples(pairs()) == "b77be09597a17fe8b2ff5a61ea1c0f2e"


def test_a_limit_that_changes_no_batch_is_none():
    assert of_plan(pairs(batch_tokens=101)) == of_plan(pairs(batch_tokens=103))


def test_labels_count():
    one = Sequences({"tokens": ids([5], [6])}, {"label": np.array([0, 1])}, 11)
    two = replace(one, labels={"label": np.array([1, 1])})
    assert of_examples(one) != of_examples(two)
    assert of_plan(one) == of_plan(two)


def test_what_is_drawn_by_counts_and_what_was_computed_does_not():
    pieces = Pieces(2, 3, 4, np.arange(5, 17), np.zeros(17, bool))
    one = MaskedBlocks(ids([5, 6], [7]), pieces, 11, rate=0.15)
    before = of_examples(one)
    assert one.lengths
    assert of_examples(one) == before
    assert of_plan(one) != of_plan(replace(one, rate=0.25))


def test_an_object_of_another_library_counts_as_its_class():
    class Labelled(Sequences):
        pass

    one, two = (Labelled({"tokens": ids([5])}, {"label": np.zeros(1), "also": object()}, 11) for _ in range(2))
    assert of_examples(one) == of_examples(two)
