import tensorflow as tf

from keras_transformers.predictors.batched import ROWS, TOKENS, in_batches


def sums(lengths, shapes):
    """Sum each row of ones of these lengths, noting the shapes of the batches."""

    def step(inputs):
        ids = inputs["ids"]
        tf.py_function(lambda ids: shapes.append(tuple(ids.shape)), [ids], [])
        total = tf.reduce_sum(ids, axis=1)
        return {"sum": total, "twice": tf.stack([total, total], axis=1), "text": tf.strings.as_string(total)}

    outputs = {
        "sum": tf.TensorSpec((None,), tf.int32),
        "twice": tf.TensorSpec((None, 2), tf.int32),
        "text": tf.TensorSpec((None,), tf.string),
    }
    ids = tf.RaggedTensor.from_row_lengths(tf.ones(sum(lengths), tf.int32), tf.constant(lengths, tf.int64))
    return tf.function(lambda: in_batches(step, {"ids": ids}, outputs))()


def test_answers_keep_their_order_and_batches_their_bound():
    lengths, shapes = [*range(199), 5 * TOKENS, 3], []
    found = sums(lengths, shapes)
    assert found["sum"].numpy().tolist() == lengths
    assert found["twice"].numpy().tolist() == [[length, length] for length in lengths]
    assert found["text"].numpy().tolist() == [str(length).encode() for length in lengths]
    assert sum(rows for rows, _ in shapes) == len(lengths)
    assert shapes[0] == (1, 5 * TOKENS)
    assert all(rows <= ROWS and rows * width <= TOKENS for rows, width in shapes[1:])


def test_nothing_gives_nothing():
    found = sums([], [])
    assert {name: tuple(one.shape) for name, one in found.items()} == {"sum": (0,), "twice": (0, 2), "text": (0,)}


def test_inputs_of_different_lengths_and_outputs_as_long_as_the_longest():
    lengths, shapes = ([3, 90, 1, 0, 7], [5, 2, 80, 1, 7]), []

    def step(inputs):
        tf.py_function(lambda *both: shapes.append([tuple(one.shape) for one in both]), list(inputs.values()), [])
        return {"each": 2 * inputs["second"]}

    first, second = (tf.ragged.range(tf.ones_like(row), tf.constant(row) + 1) for row in lengths)
    outputs = {"each": tf.TensorSpec((None, None), tf.int32)}
    found = tf.function(lambda: in_batches(step, {"first": first, "second": second}, outputs, 100))()["each"].numpy()
    assert found.shape == (5, 90)
    assert [row[row > 0].tolist() for row in found] == [list(range(2, 2 * last + 1, 2)) for last in lengths[1]]
    assert sorted(rows * max(one, two) for (rows, one), (_, two) in shapes) == [21, 80, 90]
