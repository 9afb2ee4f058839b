"""All overrides of private methods of Keras and TensorFlow, each with the behaviour it relies on.

Another version may change them without a word. Each class below says what it relies on, and
tests/training/test_keras_private.py pins that, so that a new version of Keras fails there first.
"""

from typing import TYPE_CHECKING, Any

import tensorflow as tf

from ..annotations import Tensor

if TYPE_CHECKING:
    from keras.optimizers import Optimizer
else:
    Optimizer = object  # those below stand before one of Keras's optimizers among the bases of a class


class BuiltBeforeFit:
    """A model that is built, and so are its metrics, before `fit`.

    `_maybe_symbolic_build` adds up the batches of all replicas to learn their shapes, which fails where the sizes
    differ. Relies on: `fit` and `evaluate` call it first, use nothing that it returns, and build nothing else by it.
    """

    def _maybe_symbolic_build(self, iterator: Any = None, data_batch: Any = None) -> None:
        pass


class ClipsTheSum(Optimizer):
    """An optimizer whose gradients are summed over all replicas before they are clipped.

    Keras clips on each replica, then adds up, so that a threshold means something else on another number of devices.
    Relies on: a step calls `_clip_gradients` once, in replica context, with a list of gradients none of which is None,
    whether or not there is a threshold; later it calls `_all_reduce_sum_gradients`, and sums nowhere else.
    """

    def _clip_gradients(self, grads: list[Tensor]) -> list[Tensor]:
        context = tf.distribute.get_replica_context()
        if context is not None and context.num_replicas_in_sync > 1:
            grads = context.all_reduce(tf.distribute.ReduceOp.SUM, list(grads))
        return list(super()._clip_gradients(grads))

    def _all_reduce_sum_gradients(self, grads_and_vars: Any) -> Any:
        return grads_and_vars


class DecaysInItsUpdate(Optimizer):
    """An optimizer whose own update takes the decay from the variables that `_use_weight_decay` names.

    Keras's decay knows one learning rate and no ranks. Relies on: a step calls `_apply_weight_decay` and decays
    nowhere else; `_use_weight_decay`, given a `tf.Variable`, says what `exclude_from_weight_decay` has excluded.
    """

    def _apply_weight_decay(self, variables: Any) -> None:
        pass

    def _use_weight_decay(self, variable: Any) -> bool:
        """Tell whether `variable` decays: vectors are biases, or scales and shifts of a norm."""
        path = self._trainable_variables[self._get_variable_index(variable)].path
        is_matrix = len(variable.shape) > 1 and "bias" not in path.rsplit("/", 1)[-1]
        return is_matrix and bool(super()._use_weight_decay(variable))
