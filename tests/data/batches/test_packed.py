from itertools import pairwise

import numpy as np
import pytest

from keras_transformers.data.batches.batching import Ids
from keras_transformers.data.batches.fingerprint import of_examples, of_plan
from keras_transformers.data.batches.packed import PackedText

BOS, EOS = 2, 3
LENGTHS = [13, 1, 0, 29, 7, 31, 17]
LENGTH = 11
DOCUMENTS = [np.arange(100 * (number + 1), 100 * (number + 1) + size) for number, size in enumerate(LENGTHS)]
READ = np.concatenate([[BOS, *document] for document in DOCUMENTS])
SAID = np.concatenate([[*document, EOS] for document in DOCUMENTS])


def packed(**options):
    ids = Ids(np.concatenate(DOCUMENTS).astype(np.int32), np.concatenate([[0], np.cumsum(LENGTHS)]))
    return PackedText.of(ids, **{"length": LENGTH, "batch_tokens": 3 * LENGTH + 2, **options})


def epoch(batches, number=None, skip=0):
    """Return what an epoch reads and what it has to say, (N, T) each."""
    found = list(batches.dataset(None if number is None else lambda: number, skip))
    return np.concatenate([inputs["tokens"] for inputs, _ in found]), np.concatenate([labels for _, labels in found])


def test_unshuffled_rows_are_the_text_and_each_token_has_what_follows_it():
    tokens, labels = epoch(packed())
    assert tokens.shape == labels.shape == (-(-len(READ) // LENGTH), LENGTH)
    assert tokens.ravel()[: len(READ)].tolist() == READ.tolist()
    assert labels.ravel()[: len(READ)].tolist() == SAID.tolist()
    assert not tokens.ravel()[len(READ) :].any()
    assert not labels.ravel()[len(READ) :].any()


@pytest.mark.parametrize("number", [0, 1, 5])
def test_each_epoch_reads_all_of_the_text_once(number):
    tokens, labels = epoch(packed(), number)
    pairs = sorted(zip(tokens[tokens > 0], labels[tokens > 0]))
    assert pairs == sorted(zip(READ, SAID))
    assert (tokens == 0).sum() == tokens.size - len(READ)


def test_each_epoch_cuts_elsewhere_and_in_another_order():
    firsts = [set(epoch(packed(), number)[0][:, 0].tolist()) for number in range(4)]
    assert len({frozenset(first) for first in firsts}) > 1
    assert epoch(packed(), 1)[0].tolist() == epoch(packed(), 1)[0].tolist()
    assert epoch(packed(seed=1), 1)[0].tolist() != epoch(packed(), 1)[0].tolist()


def test_all_batches_but_the_last_have_one_shape():
    shapes = [inputs["tokens"].shape for inputs, _ in packed().dataset(lambda: 2)]
    assert len(set(map(tuple, shapes[:-1]))) == 1
    assert shapes[0] == (3, LENGTH)
    assert packed().batches == len(shapes)


def test_an_interrupted_epoch_goes_on_with_the_next_batch():
    whole, rest = epoch(packed(), 3)[0], epoch(packed(), 3, skip=2)[0]
    assert rest.tolist() == whole[6:].tolist()


@pytest.mark.parametrize("overlap", [1, 5, 10])
def test_with_overlap_each_token_is_said_once_knowing_so_much_at_least(overlap):
    tokens, labels = epoch(packed(overlap=overlap))
    assert sorted(labels[labels > 0]) == sorted(SAID)
    assert (labels[1:, :overlap] == 0).all()
    for before, after in pairwise(tokens):
        real = after[:overlap][after[:overlap] > 0]
        assert before[LENGTH - overlap :][: len(real)].tolist() == real.tolist()


def test_a_text_that_is_shorter_than_a_row_has_no_padding():
    few = PackedText.of(Ids(np.arange(5, 9, dtype=np.int32), np.array([0, 4])), 64, 512)
    tokens, labels = epoch(few)
    assert (tokens.tolist(), labels.tolist()) == ([[BOS, 5, 6, 7, 8]], [[5, 6, 7, 8, EOS]])


def test_tokens_are_counted():
    batches = packed()
    assert batches.tokens == len(READ) == sum(batches.lengths[0])
    assert sum(int(batches.real_tokens(inputs)) for inputs, _ in batches.dataset(lambda: 1)) == len(READ)


def test_fingerprints_tell_texts_and_plans_apart():
    assert of_examples(packed()) == of_examples(packed())
    assert of_plan(packed()) == of_plan(packed(batch_tokens=3 * LENGTH))
    assert of_plan(packed()) != of_plan(packed(seed=1))
    assert of_plan(packed()) != of_plan(packed(batch_tokens=2 * LENGTH))
    assert of_examples(packed()) != of_examples(packed(length=7))
