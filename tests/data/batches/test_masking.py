import numpy as np
import pytest

from keras_transformers.data.batches.masking import Pieces, choose, mask_tokens

CLS, SEP, MASK = 2, 3, 4
SIZE = 53
PIECES = Pieces(CLS, SEP, MASK, np.arange(5, SIZE), np.arange(SIZE) % 3 == 0)  # a third goes on with a word


def batch(rows=307, length=41, padding=7):
    rng = np.random.default_rng(11)
    tokens = rng.integers(5, SIZE, (rows, length)).astype(np.int32)
    tokens[:, 0], tokens[:, 19], tokens[:, length - padding - 1] = CLS, SEP, SEP
    tokens[:, length - padding :] = 0
    return tokens


@pytest.mark.parametrize("whole_word", [False, True])
def test_the_shares_are_the_papers(whole_word):
    tokens = batch()
    hidden, positions, labels = mask_tokens(tokens, PIECES, np.random.default_rng(5), whole_word=whole_word)
    real = labels >= 0
    free = np.isin(tokens, PIECES.ordinary).sum()
    assert real.sum() / free == pytest.approx(0.15, abs=0.015)
    now = np.take_along_axis(hidden, positions, axis=1)[real]
    was = labels[real]
    assert np.mean(now == MASK) == pytest.approx(0.8, abs=0.03)
    assert np.mean(now == was) == pytest.approx(0.1, abs=0.03)
    assert np.isin(now, [MASK, *PIECES.ordinary]).all()


def test_labels_are_what_stood_there_and_nothing_else_changes():
    tokens = batch()
    hidden, positions, labels = mask_tokens(tokens, PIECES, np.random.default_rng(7))
    back = hidden.copy()
    for row, (places, ids) in enumerate(zip(positions, labels)):
        real = ids >= 0
        assert (np.diff(places[real]) > 0).all()
        assert (places[~real] == 0).all()
        back[row, places[real]] = ids[real]
    np.testing.assert_array_equal(back, tokens)
    np.testing.assert_array_equal(hidden == 0, tokens == 0)
    assert {array.dtype for array in (hidden, positions, labels)} == {np.dtype("int32")}


def test_a_word_is_hidden_whole():
    tokens = batch()
    chosen = choose(tokens, PIECES, np.random.default_rng(13), 0.15, whole_word=True)
    for row, hidden in zip(tokens, chosen):
        for i in range(1, len(row)):
            if PIECES.continues[row[i]] and not {row[i - 1], row[i]} & {CLS, SEP, 0}:
                assert hidden[i] == hidden[i - 1]
    alone = choose(tokens, PIECES, np.random.default_rng(13), 0.15, whole_word=False)
    assert (alone[:, 1:] != alone[:, :-1])[PIECES.continues[tokens[:, 1:]]].any()


def test_one_token_at_least_is_hidden_and_a_special_one_never():
    tokens = np.array([[CLS, 7, SEP, 0], [CLS, SEP, 0, 0]], np.int32)
    hidden, positions, labels = mask_tokens(tokens, PIECES, np.random.default_rng(17), rate=0.01)
    assert positions[0, 0] == 1
    assert labels[0, 0] == 7
    assert (labels[1] == -1).all()
    np.testing.assert_array_equal(hidden[1], tokens[1])


def test_equal_generators_give_equal_masks():
    first, again, other = (mask_tokens(batch(), PIECES, np.random.default_rng(seed)) for seed in (3, 3, 5))
    np.testing.assert_array_equal(first[0], again[0])
    assert (first[0] != other[0]).any()
