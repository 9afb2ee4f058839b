"""Weights of fewer bits for a SavedModel: kept as bfloat16 or int8, and widened once a call.

What is computed is float32 as before: the file and the loaded model are smaller, and a call takes longer by the time
that the weights take to widen. During a call they take up as much memory as ever.
"""

from collections.abc import Iterable
from typing import Any

import keras
import tensorflow as tf

from ..annotations import Tensor

LEAST = 1024
"""Weights of fewer numbers are left as they are, and so are biases, and what is not float32."""


class Compressed(keras.StatelessScope):
    """Within it, functions that are traced read a model's weights from compressed copies.

        with Compressed(model.variables, "int8"):
            concrete = function.get_concrete_function()

    Args:
        variables: Keras variables.
        kind: `bfloat16`: the upper half of each number; `int8`: a whole number from -127 to 127 times a scale, one for
            each row or each column of a matrix, whichever are more.
    """

    def __init__(self, variables: Iterable[Any], kind: str) -> None:
        super().__init__()
        compress = {"bfloat16": _bfloat16, "int8": _int8}[kind]
        self.copies = {id(one): compress(one.value) for one in variables if is_large(one)}
        self.widened: dict[tuple[int, int], Tensor] = {}

    def get_current_value(self, variable: Any) -> Any:
        copy = self.copies.get(id(variable))
        if copy is None:
            return None
        graph = _outermost()
        place = id(graph), id(variable)
        if place not in self.widened:
            with graph.as_default(), tf.control_dependencies(None):  # once a call, whatever loop it is read in
                self.widened[place] = copy()
        return self.widened[place]


def is_large(variable: Any) -> bool:
    """Tell whether a variable is one that is compressed."""
    shape = variable.shape
    return variable.dtype == "float32" and len(shape) > 1 and tf.TensorShape(shape).num_elements() >= LEAST


def _bfloat16(weights: Tensor) -> Any:
    kept = tf.Variable(tf.cast(weights, tf.bfloat16), trainable=False)
    return lambda: tf.cast(kept, tf.float32)


def _int8(weights: Tensor) -> Any:
    """Return what gives weights back that were rounded to the nearest of 255 steps."""
    rows, columns = tf.TensorShape(weights.shape[:-1]).num_elements(), weights.shape[-1]
    axes = [-1] if rows >= columns else list(range(len(weights.shape) - 1))
    scale = tf.reduce_max(tf.abs(weights), axis=axes, keepdims=True) / 127.0
    steps = tf.round(tf.math.divide_no_nan(weights, scale))
    kept = tf.Variable(tf.cast(steps, tf.int8), trainable=False)
    scale = tf.Variable(scale, trainable=False)
    return lambda: tf.cast(kept, tf.float32) * scale


def _outermost() -> Any:
    """Return the graph of the function that is traced, not of a loop or branch in it."""
    graph = tf.compat.v1.get_default_graph()
    while hasattr(outer := getattr(graph, "outer_graph", None), "outer_graph"):
        graph = outer
    return graph
