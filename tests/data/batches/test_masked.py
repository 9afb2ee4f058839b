import numpy as np
import pytest

from keras_transformers.data.batches.batching import Ids
from keras_transformers.data.batches.chunks import Text, blocks
from keras_transformers.data.batches.masked import MaskedBlocks, MaskedPairs
from keras_transformers.data.batches.masking import Pieces

CLS, SEP, MASK = 2, 3, 4
LENGTH = 37


def corpus(documents=23, seed=3):
    """Return a `Text` whose ids tell where they stand: document d, in its order, has 1000 d + 10, + 11, …"""
    rng = np.random.default_rng(seed)
    sentences, counts = [], []
    for document in range(documents):
        begin = 1000 * document + 10
        lengths = rng.integers(0, 23, rng.integers(1, 29))
        ends = np.cumsum(lengths)
        sentences += [np.arange(begin + end - size, begin + end) for end, size in zip(ends, lengths)]
        counts.append(len(lengths))
    starts = np.concatenate([[0], np.cumsum([len(one) for one in sentences])])
    return Text.of(Ids(np.concatenate(sentences).astype(np.int32), starts), counts)


def pieces(size=23_100):
    return Pieces(CLS, SEP, MASK, np.arange(5, size), np.zeros(size, bool))


def pairs(**options):
    text = corpus().cut((LENGTH - 3) // 2)
    return MaskedPairs(text, text.chunks(LENGTH - 3), pieces(), LENGTH, **{"batch_tokens": 307, **options})


def unmasked(inputs, labels):
    """Return the tokens as they were before they were masked."""
    tokens = inputs["tokens"].copy()
    for row, places, ids in zip(tokens, inputs["positions"], labels["masked"]):
        row[places[ids >= 0]] = ids[ids >= 0]
    return tokens


def tokens_of(encoded, epoch, skip=0):
    """Return the tokens of the batches of an epoch."""
    return [inputs["tokens"].numpy() for inputs, _ in encoded.dataset(lambda: epoch, skip)]


def sides(row):
    """Return the two runs of ids of one sequence."""
    first, second = np.split(row[row != 0][1:-1], np.flatnonzero(row[row != 0][1:-1] == SEP))
    return first, second[1:]


def test_cutting_loses_nothing():
    text = corpus()
    cut = text.cut(7)
    np.testing.assert_array_equal(cut.ids.flat, text.ids.flat)
    assert cut.ids.lengths.max() == 7
    assert cut.ids.lengths.min() > 0
    # A document still ends where it did.
    np.testing.assert_array_equal(np.unique(cut.ids.starts[cut.ends]), np.unique(text.ids.starts[text.ends]))


def test_chunks_hold_all_text_but_that_of_documents_of_one_sentence():
    text = corpus().cut(17)
    chunks = text.chunks(34)
    lengths = np.diff(text.ids.starts[chunks]).ravel()
    assert lengths.max() <= 34
    assert (np.diff(chunks) >= 2).all()
    inside = np.zeros(len(text.ends), bool)
    for first, end in chunks:
        inside[first:end] = True
        assert text.ends[first] == text.ends[end - 1]
    alone = np.bincount(text.ends)[text.ends] == 1
    np.testing.assert_array_equal(inside, ~alone)


def test_half_of_the_pairs_follow_each_other():
    encoded, follows = pairs(), []
    for number, rows in enumerate(encoded.plan(0)):
        inputs, labels = encoded.batch(rows, np.random.default_rng(number))
        assert inputs["tokens"].shape == inputs["segments"].shape
        assert inputs["tokens"].size <= 307
        assert inputs["tokens"].shape[1] <= LENGTH + LENGTH % 2
        for row, segments, label in zip(unmasked(inputs, labels), inputs["segments"], labels["next"]):
            first, second = sides(row)
            assert row[0] == CLS
            assert len(first)
            assert len(second)
            np.testing.assert_array_equal(np.diff(first), 1)
            np.testing.assert_array_equal(np.diff(second), 1)
            assert (second[0] == first[-1] + 1) == (label == 0)
            assert (second[0] // 1000 == first[0] // 1000) == (label == 0)
            np.testing.assert_array_equal(segments[: len(first) + 2], 0)
            assert segments.sum() == len(second) + 1
            follows.append(label == 0)
    assert len(follows) == len(encoded.chunks)
    assert np.mean(follows) == pytest.approx(0.5, abs=0.15)


def test_lengths_do_not_tell_what_follows():
    encoded = pairs(batch_tokens=10_000)
    lengths = {0: [], 1: []}
    for seed in range(60):
        inputs, labels = encoded.batch(np.arange(len(encoded.chunks)), np.random.default_rng(seed))
        for row, label in zip(inputs["tokens"], labels["next"]):
            lengths[int(label)].append(np.count_nonzero(row))
    means = [np.mean(lengths[label]) for label in (0, 1)]
    assert abs(means[0] - means[1]) < 0.06 * means[0]


def test_each_epoch_is_drawn_anew_and_an_interrupted_one_goes_on():
    encoded = pairs()
    first, again, second = (tokens_of(encoded, epoch) for epoch in (0, 0, 1))
    assert all((one == other).all() for one, other in zip(first, again, strict=True))
    assert len(first) == len(second) == encoded.batches
    rest = tokens_of(encoded, 0, skip=2)
    np.testing.assert_array_equal(rest[0], first[2])
    assert any(one.shape != other.shape or (one != other).any() for one, other in zip(first, second))


def test_blocks_are_full_and_hold_all_text():
    text = corpus()
    stream = blocks(text, LENGTH - 2, SEP)
    encoded = MaskedBlocks(stream, pieces(), batch_tokens=307)
    assert set(encoded.lengths[0][:-1]) == {LENGTH}
    found = []
    for rows in encoded.plan():
        inputs, labels = encoded.batch(rows, np.random.default_rng(5))
        assert set(labels) == {"masked"}
        assert not inputs["segments"].any()
        for row, tokens in zip(rows, unmasked(inputs, labels)):
            tokens = tokens[tokens != 0]
            assert tokens[0] == CLS
            assert tokens[-1] == SEP
            found.append((row, tokens[1:-1]))
    whole = np.concatenate([tokens for _, tokens in sorted(found, key=lambda one: one[0])])
    np.testing.assert_array_equal(whole[whole != SEP], text.ids.flat)
    assert (whole == SEP).sum() == len(np.unique(text.ends)) - 1
    assert encoded.tokens == len(whole) + 2 * len(stream.lengths)
