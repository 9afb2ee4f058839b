"""Classification and regression heads on the pooled output.

B batch, T length, D model width, C number of classes.
"""

import keras

from ...annotations import Tensor
from ...layers.dropout import Dropout
from ...layers.initializer import truncated_normal


def class_logits(pooled: Tensor, classes: int, dropout: float) -> Tensor:
    """Return float32 logits (B, C) of the whole text, from the pooled vectors (B, D).

    Source: Devlin et al. 2018, section 4.1, https://arxiv.org/abs/1810.04805

    Args:
        pooled: Output `pooled` of a backbone.
        classes: C.
        dropout: Rate on the pooled vectors.
    """
    return dense(classes, "classifier")(Dropout(dropout, name="drop")(pooled))


def dense(units: int, name: str) -> keras.layers.Dense:
    """Return a float32 dense layer that begins as BERT's do."""
    return keras.layers.Dense(units, kernel_initializer=truncated_normal(), dtype="float32", name=name)
