"""Which axes of a loop's variables grow."""

from typing import NamedTuple

import tensorflow as tf

from keras_transformers.decoding import growing


class Pair(NamedTuple):
    first: tf.Tensor
    second: tf.Tensor


def test_an_axis_without_entries_is_left_open():
    empty, begun = tf.zeros((3, 0, 5)), tf.zeros((3, 1, 5))
    now = {"said": begun, "more": [empty, Pair(begun, empty)], "fixed": begun, "new": empty}
    before = {"said": empty, "more": [begun, None], "fixed": begun}
    assert growing(now, before) == {
        "said": tf.TensorShape([3, None, 5]),
        "more": [tf.TensorShape([3, None, 5]), Pair(begun.shape, empty.shape)],
        "fixed": begun.shape,
        "new": empty.shape,
    }


def test_shapes_that_only_the_graph_knows():
    @tf.function(input_signature=[tf.TensorSpec(None), tf.TensorSpec((None, 2))])
    def shapes(any_rank, any_rows):
        assert growing([any_rank, any_rows], [any_rows, any_rank])[0].rank is None
        assert growing(any_rows, any_rank).as_list() == [None, 2]
        assert growing(any_rows, tf.zeros((4, 0))).as_list() == [None, None]
        return any_rows

    shapes(tf.zeros((1, 2)), tf.zeros((1, 2)))
