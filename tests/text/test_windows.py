import numpy as np
import pytest
import tensorflow as tf

from keras_transformers.text.windows import windows


def cut(lengths, capacity, stride):
    found = windows(tf.constant(lengths), tf.constant(capacity), stride)
    return list(zip(*(values.numpy().tolist() for values in found)))


def test_a_text_that_fits_is_one_window():
    assert cut([5, 0], [5, 1], 2) == [(0, 0, 5, 0, 5), (1, 0, 0, 0, 0)]


def test_a_longer_one_is_read_by_stride_and_shared_at_the_middle_of_the_overlaps():
    assert cut([11], [5], 3) == [(0, 0, 5, 0, 4), (0, 3, 5, 4, 7), (0, 6, 5, 7, 11)]


def test_a_stride_wider_than_the_window_leaves_no_gap():
    assert [row[1] for row in cut([7], [3], 5)] == [0, 3, 6]


@pytest.mark.parametrize("stride", [1, 2, 5, 11])
def test_each_piece_belongs_to_the_window_where_it_has_most_context(stride):
    rng = np.random.default_rng(stride)
    lengths, capacity = rng.integers(0, 67, 23), rng.integers(1, 13, 23)
    found = cut(lengths, capacity, stride)
    assert all(size <= capacity[row] for row, _, size, _, _ in found)
    for row, length in enumerate(lengths):
        mine = [one for one in found if one[0] == row]
        assert [piece for *_, first, end in mine for piece in range(first, end)] == list(range(length))
        for window in mine:
            for piece in range(*window[3:]):
                contexts = [context(piece, other) for other in mine]
                assert context(piece, window) == max(contexts)


def context(piece, window):
    """Return how much a window shows around a piece, on its poorer side; negative: not even the piece."""
    _, start, size, _, _ = window
    return min(piece - start, start + size - 1 - piece)


def test_what_windows_show_and_own():
    pieces = tf.ragged.constant([[10, 11, 12], [20, 21, 22, 23, 24, 25, 26]])
    found = windows(pieces.row_lengths(), tf.constant([4, 4]), 2)
    assert found.of(pieces).to_list() == [[10, 11, 12], [20, 21, 22, 23], [22, 23, 24, 25], [24, 25, 26]]
    assert found.own().to_list() == [[1, 1, 1], [1, 1, 1, 0], [0, 1, 1, 0], [0, 1, 1]]
