"""The train step: N replicas compute what one computes on the same global batch."""

import keras
import tensorflow as tf


class TokenModel(keras.Model):
    """A functional model whose loss is a mean over the real tokens of the *global* batch.

    `keras.Model.fit` averages the loss on each replica and then over replicas, which weighs a
    token by how much padding surrounds it. Here token losses are summed and divided by the number
    of tokens (or of whatever the loss is averaged over) on all replicas. Compile it with a loss
    that has `totals(y, y_pred)` and, if there is more to be logged, `measures(y, y_pred)`.
    """

    def compile(self, optimizer, loss, measures=(), **kwargs):
        """Prepare for `fit`.

        Args:
            optimizer: A Keras optimizer.
            loss: As `Task.loss` returns.
            measures: The names of what `loss.measures` gives.
            **kwargs: As of `keras.Model.compile`.
        """
        super().compile(optimizer=optimizer, loss=loss, jit_compile=False, **kwargs)
        self.token_loss = loss
        self.loss_metric = keras.metrics.Mean(name="loss")
        self.token_metric = keras.metrics.Sum(name="tokens")
        self.measured = {name: keras.metrics.Mean(name=name) for name in measures}

    @property
    def metrics(self):
        return [self.loss_metric, self.token_metric, *self.measured.values()]

    def train_step(self, data):
        x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            total, count = self.token_loss.totals(y, y_pred)
            loss = total / tf.maximum(_sum_over_replicas(count), 1.0)
        gradients = tape.gradient(loss, self.trainable_weights)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_weights))
        return self._measure(x, y, y_pred, total, count)

    def test_step(self, data):
        x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        y_pred = self(x, training=False)
        total, count = self.token_loss.totals(y, y_pred)
        return self._measure(x, y, y_pred, total, count)

    def _maybe_symbolic_build(self, iterator=None, data_batch=None):
        """Do nothing: a functional model is built, and so are the metrics.

        Keras's own method adds up the replicas' batches, which fails where their sizes differ.
        """

    def _measure(self, x, y, y_pred, total, count):
        self.loss_metric.update_state(total / tf.maximum(count, 1.0), sample_weight=count)
        self.token_metric.update_state(_tokens(x, count))
        measures = self.token_loss.measures(y, y_pred) if self.measured else {}
        for name, (amount, weight) in measures.items():
            self.measured[name].update_state(amount / tf.maximum(weight, 1.0), sample_weight=weight)
        return {metric.name: metric.result() for metric in self.metrics}


def _tokens(x, count):
    """Return how many real tokens a batch has: those read and, of an encoder-decoder, those said."""
    read = [ids for name, ids in x.items() if name.endswith("tokens")]  # of both texts, where they are read apart
    if read:
        return sum(tf.reduce_sum(tf.cast(ids != 0, tf.float32)) for ids in read)
    if "source" in x:
        return tf.reduce_sum(tf.cast(x["source"] != 0, tf.float32)) + count
    return count


def _sum_over_replicas(value):
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return value
    return context.all_reduce(tf.distribute.ReduceOp.SUM, value)
