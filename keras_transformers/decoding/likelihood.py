"""How probable a model finds tokens that are given.

B batch, T length, V vocabulary size.
"""

import tensorflow as tf

from ..annotations import Tensor
from ..text.special import PAD
from .rules import Rules


def token_log_probabilities(logits: Tensor, labels: Tensor, start: int) -> Tensor:
    """Return the log-probability of each label (B, T), float32, 0 where it is padding.

    It is taken among the tokens that answers are made of, so that it is what a search says of its own answer.

    Args:
        logits: Of what each label is one of, (B, T, V), float32.
        labels: Ids (B, T), 0 where padded.
        start: The id that each answer begins with.
    """
    logits = Rules(start).answers(logits)
    found = tf.gather(logits, labels, batch_dims=2) - tf.reduce_logsumexp(logits, axis=-1)
    return tf.where(labels == PAD, 0.0, found)
