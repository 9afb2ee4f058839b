"""Greedy search: at each step, the most probable token.

B batch, S source length, L greatest output length, V vocabulary size.
"""

import tensorflow as tf

from ..signature import Natural, Positive
from ..text.special import BOS, EOS, PAD


class Greedy:
    """Takes the most probable token at each step, until the end token.

    Registered as `search/greedy`.

    Args:
        max_ratio: An output has at most `max_ratio` times its source's tokens …
        max_extra: … and this many more.
    """

    def __init__(self, max_ratio: Positive = 1.5, max_extra: Natural = 12):
        self.max_ratio = max_ratio
        self.max_extra = max_extra

    def limit(self, lengths):
        """Return the greatest number of output tokens for sources of these lengths, int32."""
        most = tf.math.ceil(self.max_ratio * tf.cast(lengths, tf.float32))
        return tf.cast(most, tf.int32) + self.max_extra

    def __call__(self, model, source):
        """Decode.

        Args:
            model: Has `encode`, `start_caches` and `step`, as `Transformer` has.
            source: Ids (B, S), int32, 0 where padded.

        Returns:
            Ids (B, L), int32, 0 after the end token or the sentence's own limit; and the total
            log-probability (B,), float32.
        """
        batch = tf.shape(source)[0]
        limit = self.limit(tf.shape(source)[1])
        limits = self.limit(tf.math.count_nonzero(source, axis=1))
        memory, memory_mask = model.encode(source)

        def unfinished(index, done, *_):
            return (index < limit) & ~tf.reduce_all(done)

        def step(index, done, last, score, output, caches):
            logits, caches = model.step(last[:, None], caches, index, memory_mask)
            log_probability = tf.nn.log_softmax(forbid(logits[:, 0]))
            token = tf.argmax(log_probability, axis=-1, output_type=tf.int32)
            gain = tf.reduce_max(log_probability, axis=-1)
            score += tf.where(done, 0.0, gain)
            token = tf.where(done, PAD, token)
            output = tf.tensor_scatter_nd_update(output, [[index]], [token])
            done |= (token == EOS) | (index + 1 >= limits)
            return index + 1, done, token, score, output, caches

        state = (
            tf.constant(0),
            tf.zeros((batch,), tf.bool),
            tf.fill((batch,), BOS),
            tf.zeros((batch,), tf.float32),
            tf.fill((limit, batch), PAD),
            model.start_caches(memory, limit),
        )
        _, _, _, score, output, _ = tf.while_loop(unfinished, step, state)
        return tf.transpose(output), score


def forbid(logits):
    """Return `logits` (B, V) with padding and the start token made impossible."""
    ids = tf.range(tf.shape(logits)[-1])
    return tf.where((ids == PAD) | (ids == BOS), tf.float32.min, logits)
