"""The train step: N replicas compute what one computes on the same global batch."""

import keras
import tensorflow as tf


class TokenModel(keras.Model):
    """A functional model whose loss is a mean over the real tokens of the *global* batch.

    `keras.Model.fit` averages the loss on each replica and then over replicas, which weighs a
    token by how much padding surrounds it. Here token losses are summed and divided by the number
    of tokens on all replicas. Compile it with a loss that has `totals(y, y_pred)`.
    """

    def compile(self, optimizer, loss, **kwargs):
        super().compile(optimizer=optimizer, loss=loss, jit_compile=False, **kwargs)
        self.token_loss = loss
        self.loss_metric = keras.metrics.Mean(name="loss")
        self.token_metric = keras.metrics.Sum(name="tokens")

    @property
    def metrics(self):
        return [self.loss_metric, self.token_metric]

    def train_step(self, data):
        x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        with tf.GradientTape() as tape:
            total, count = self.token_loss.totals(y, self(x, training=True))
            loss = total / tf.maximum(_sum_over_replicas(count), 1.0)
        gradients = tape.gradient(loss, self.trainable_weights)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_weights))
        return self._measure(x, total, count)

    def test_step(self, data):
        x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        total, count = self.token_loss.totals(y, self(x, training=False))
        return self._measure(x, total, count)

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        """Do nothing: a functional model is built, and so are the metrics.

        Keras's own method adds up the replicas' batches, which fails where their sizes differ.
        """

    def _measure(self, x, total, count):
        self.loss_metric.update_state(total / tf.maximum(count, 1.0), sample_weight=count)
        read = tf.reduce_sum(tf.cast(x["source"] != 0, tf.float32)) if "source" in x else 0.0
        self.token_metric.update_state(read + count)
        return {"loss": self.loss_metric.result(), "tokens": self.token_metric.result()}


def _sum_over_replicas(value):
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return value
    return context.all_reduce(tf.distribute.ReduceOp.SUM, value)
