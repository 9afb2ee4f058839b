"""The train step: N replicas compute what one computes on the same global batch."""

from collections.abc import Callable, Iterable
from typing import Any

import keras
import tensorflow as tf

from ..annotations import Tensor
from ..losses.loss import as_loss
from .keras_private import BuiltBeforeFit


class TokenModel(BuiltBeforeFit, keras.Model):
    """A functional model whose loss is a mean over all that counts in the *global* batch.

    `keras.Model.fit` averages the loss on each replica and then over replicas, which weighs a
    token by how much padding surrounds it. Here the losses are summed and divided by what counts on all replicas.

    What layers add (`add_loss`, regularizers) is added to that mean, as in Keras. Of several replicas, each adds its
    own in proportion to its examples: a regularizer counts once, and a mean over examples is that of the global
    batch. What a layer adds should be a mean: a sum over examples would be divided by the number of replicas.

    `sample_weight` weighs the losses, and their sum is divided by the sum of the weights.
    """

    def compile(
        self,
        optimizer: Any,
        loss: Any,
        measures: Iterable[str] = (),
        count_tokens: Callable[[Any], Tensor] | None = None,
        **kwargs: Any,
    ) -> None:
        """Prepare for `fit`.

        Args:
            optimizer: A Keras optimizer.
            loss: A `Loss`, as `Task.loss` returns.
            measures: The names of what `loss.measures` gives.
            count_tokens: Function from a batch's inputs to the number of real tokens in it, as `Batches.real_tokens`;
                by default what counts for the loss is counted.
            **kwargs: As of `keras.Model.compile`.

        Raises:
            TypeError: The loss is none of ours.
        """
        loss = as_loss(loss)
        super().compile(optimizer=optimizer, loss=loss, jit_compile=False, **kwargs)
        self.token_loss = loss
        self.count_tokens = count_tokens
        self.loss_metric = Ratio(name="loss")
        self.token_metric = keras.metrics.Sum(name="tokens")
        self.measured = {name: Ratio(name=name) for name in measures}

    @property
    def metrics(self) -> list[Any]:
        return [self.loss_metric, self.token_metric, *self.measured.values()]

    def train_step(self, data: Any) -> dict[str, Tensor]:
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            total, count = self.token_loss.totals(y, y_pred, sample_weight)
            added = self._added(x)
            count_of_all = _sum_over_replicas(count)
            loss = tf.math.divide_no_nan(total, count_of_all)
            if added is not None:
                loss += added
                total += added * count_of_all  # so that the mean that is logged holds it, too
            loss = self.optimizer.scale_loss(loss)
        gradients = tape.gradient(loss, self.trainable_weights)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_weights))
        return self._measure(x, y, y_pred, total, count)

    def test_step(self, data: Any) -> dict[str, Tensor]:
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        y_pred = self(x, training=False)
        total, count = self.token_loss.totals(y, y_pred, sample_weight)
        added = self._added(x)
        if added is not None:
            total += added * _sum_over_replicas(count)
        return self._measure(x, y, y_pred, total, count)

    def _added(self, x: Any) -> Tensor | None:
        """Return what layers add to the loss, times this replica's share of the examples; None: nothing.

        Replicas share the layers, which hold what the last forward pass has added: it must be read before a sum over
        replicas, during which the next replica makes its own pass.
        """
        losses = [tf.reduce_sum(tf.cast(loss, tf.float32)) for loss in self.losses]
        if not losses:
            return None
        examples = tf.cast(tf.shape(tf.nest.flatten(x)[0])[0], tf.float32)
        share = tf.math.divide_no_nan(examples, _sum_over_replicas(examples))
        # A mean over no examples is no number: a replica without any adds nothing.
        return tf.where(examples > 0, tf.add_n(losses) * share, 0.0)

    def _measure(self, x: Any, y: Any, y_pred: Any, total: Tensor, count: Tensor) -> dict[str, Tensor]:
        self.loss_metric.update_state(total, count)
        self.token_metric.update_state(count if self.count_tokens is None else self.count_tokens(x))
        measures = self.token_loss.measures(y, y_pred) if self.measured else {}
        for name, (amount, weight) in measures.items():
            self.measured[name].update_state(amount, weight)
        return {metric.name: metric.result() for metric in self.metrics}


class Ratio(keras.metrics.Metric):
    """The sum of amounts over the sum of weights, of all batches and replicas; 0 before the first."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name)
        self.amount = self.add_variable((), "zeros", name="amount")
        self.weight = self.add_variable((), "zeros", name="weight")

    def update_state(self, amount: Tensor, weight: Tensor) -> None:
        """Add a batch.

        Args:
            amount: A sum over the batch, a float32 scalar.
            weight: What it is averaged over, a float32 scalar.
        """
        self.amount.assign_add(tf.cast(amount, tf.float32))
        self.weight.assign_add(tf.cast(weight, tf.float32))

    def result(self) -> Tensor:
        return keras.ops.divide_no_nan(self.amount, self.weight)


def _sum_over_replicas(value: Tensor) -> Tensor:
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return value
    return context.all_reduce(tf.distribute.ReduceOp.SUM, value)
