"""Cross-entropy with label smoothing, over real tokens only.

B batch, T target length, V vocabulary size.
"""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from ..annotations import Config, Tensor
from ..signature import Natural, Rate, register
from .loss import Loss


def smoothed_cross_entropy(labels: Tensor, logits: Tensor, smoothing: float = 0.0) -> Tensor:
    """Return −Σ q log p for each token, q = (1 − ε)·[the label] + ε/V.

    With z the logits, that is −log softmax(z)_label + ε (z_label − mean(z)), whose gradient is
    softmax(z) − q: the softmax is computed once and kept, which makes the forward and backward
    passes together half as long as automatic differentiation's. A probability under 1e-37 counts
    as 1e-37 (85 nats); the gradient stays exact.

    Source: Szegedy et al. 2016, section 7, https://arxiv.org/abs/1512.00567

    Args:
        labels: Ids (N,), int32.
        logits: Float32 (N, V).
        smoothing: ε.
    """

    def loss(logits: Tensor) -> tuple[Tensor, Callable[..., Tensor]]:
        probability = ops.softmax(logits)
        index = ops.expand_dims(labels, -1)
        at_label = ops.squeeze(ops.take_along_axis(probability, index, axis=-1), -1)
        value = -ops.log(ops.maximum(at_label, 1e-37))
        if smoothing:
            label_logit = ops.squeeze(ops.take_along_axis(logits, index, axis=-1), -1)
            value = value + smoothing * (label_logit - ops.mean(logits, axis=-1))

        def gradient(*args: Tensor, upstream: Tensor | None = None) -> Tensor:
            (upstream,) = args or (upstream,)
            rows = ops.expand_dims(ops.arange(ops.shape(labels)[0]), -1)
            where = ops.concatenate([rows, ops.cast(index, rows.dtype)], axis=-1)
            uniform = smoothing / logits.shape[-1]
            difference = ops.scatter_update(
                probability - uniform if smoothing else probability,
                where,
                at_label - uniform - (1 - smoothing),
            )
            return difference * ops.expand_dims(upstream, -1)

        return value, gradient

    return ops.custom_gradient(loss)(logits)


@register("loss", "token_cross_entropy")
@keras.saving.register_keras_serializable(package="keras_transformers")
class TokenCrossEntropy(Loss):
    """The mean cross-entropy of real tokens; padding (label 0) counts for nothing.

    Args:
        label_smoothing: Probability taken from the right token and spread over the vocabulary.
        pad_id: The label of padding.
    """

    facts = {"learns": "tokens"}

    def __init__(self, label_smoothing: Rate = 0.0, pad_id: Natural = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.label_smoothing = label_smoothing
        self.pad_id = pad_id

    def call(self, labels: Tensor, logits: Tensor) -> Tensor:
        """Return the loss of each token (B, T), for labels (B, T) and logits (B, T, V)."""
        return losses_at(labels, logits, self.label_smoothing)

    def weights(self, labels: Tensor) -> Tensor:
        """Return 1 for real tokens and 0 for padding, (B, T)."""
        return ops.cast(ops.not_equal(labels, self.pad_id), "float32")

    def get_config(self) -> Config:
        return {**super().get_config(), "label_smoothing": self.label_smoothing, "pad_id": self.pad_id}


def losses_at(labels: Tensor, logits: Tensor, smoothing: float = 0.0) -> Tensor:
    """Return the smoothed cross-entropy at each place: labels (…,) and logits (…, V) give float32 (…,).

    A label below 0, which is none, is taken for 0; its loss means nothing.
    """
    flat = ops.reshape(ops.maximum(ops.cast(labels, "int32"), 0), (-1,))
    logits = ops.reshape(ops.cast(logits, "float32"), (-1, logits.shape[-1]))
    return ops.reshape(smoothed_cross_entropy(flat, logits, smoothing), ops.shape(labels))
