"""The contract of losses: the loss of each item, and its weight."""

import abc
import re
from typing import Any

import keras
from keras import ops

from ..annotations import Tensor


class Loss(keras.losses.Loss, abc.ABC):
    """A mean over items: tokens, words, or whole texts.

    Whoever writes one fills `call` and, where not every item counts or an example has several, `weights`. It is
    a Keras loss like any other, for `compile`, `fit` and a call of its own; by default it is the mean over what
    counts. Training adds up `totals` over all replicas instead, and divides once, so that an item weighs the same on
    any number of devices.

    Keras calls a loss once for each output of a model, so labels and outputs may come alone instead of in a dict.

    Args:
        **kwargs: As of `keras.losses.Loss`: by default `name` is that of the class, `reduction` the sum of the weighted
            losses over the sum of the weights, and `dtype` float32, in mixed precision, too.

    Attributes:
        facts: Of a loss in a recipe, `{"learns": …}`, what its labels are, as the task says: `tokens`, `classes`,
            `numbers`, `cosines`, `tags` or `spans`.
    """

    def __init__(self, **kwargs: Any) -> None:
        usual = {"name": _snake_case(type(self).__name__), "reduction": "mean_with_sample_weight", "dtype": "float32"}
        super().__init__(**{**usual, **kwargs})

    @abc.abstractmethod
    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        """Return the loss of each item, float32: (B,), or of the shape of `weights`.

        Args:
            y_true: Labels, as the task's batches hold them.
            y_pred: What the model gives.
        """

    def weights(self, y_true: Any) -> Tensor | None:
        """Return how much each item counts, float32, 0 for padding; None: each example is one item, and counts 1."""
        return None

    def measures(self, y_true: Any, y_pred: Any) -> dict[str, tuple[Tensor, Tensor]]:
        """Return what else is logged, by name: a sum over the batch and what it is averaged over, float32."""
        return {}

    def totals(self, y_true: Any, y_pred: Any, sample_weight: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return the sum of the weighted losses and the sum of the weights, float32 scalars.

        Args:
            y_true: As of `call`.
            y_pred: As of `call`. A mask that Keras has put on it counts as further weights, as in Keras.
            sample_weight: Weight of each example (B,), or of each item.
        """
        losses = ops.cast(self.call(y_true, y_pred), "float32")
        weights = ops.ones_like(losses)
        for factor in (self.weights(y_true), sample_weight, getattr(y_pred, "_keras_mask", None)):
            if factor is not None:
                weights = weights * of_rank(factor, len(losses.shape))
        return ops.sum(losses * weights), ops.sum(weights)

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Tensor | None = None) -> Tensor:
        """Return the mean over what counts, or what another `reduction` asks for."""
        weights = self.weights(y_true)
        if weights is not None and sample_weight is not None:
            weights = weights * of_rank(sample_weight, len(weights.shape))
        return super().__call__(y_true, y_pred, sample_weight if weights is None else weights)


def _snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().lstrip("_")


def of_rank(weights: Tensor, rank: int) -> Tensor:
    """Return `weights` as float32 of this rank, with axes of length 1 added at the end or taken from there."""
    weights = ops.cast(weights, "float32")
    while len(weights.shape) < rank:
        weights = ops.expand_dims(weights, -1)
    while len(weights.shape) > rank:
        weights = ops.squeeze(weights, -1)
    return weights


def named(values: Any, name: str) -> Any:
    """Return `values[name]`, or `values` where they are no dict: then Keras has taken them out of it."""
    return values[name] if isinstance(values, dict) else values


def as_loss(loss: Any) -> Loss:
    """Return a loss as a `Loss`: what was written for version 0.1, with `totals` and maybe `measures`, becomes one.

    Raises:
        TypeError: It has no `totals`.
    """
    if isinstance(loss, Loss):
        return loss
    if not hasattr(loss, "totals"):
        raise TypeError(
            "`loss` must be a `keras_transformers.losses.Loss`, whose totals can be summed over replicas, but is a "
            f"{type(loss).__name__}."
        )
    return _Totals(loss)


class _Totals(Loss):
    """A loss that says its totals and nothing of its items."""

    def __init__(self, loss: Any) -> None:
        super().__init__(name=type(loss).__name__)
        self.loss = loss

    def call(self, y_true: Any, y_pred: Any) -> Tensor:
        total, count = self.loss.totals(y_true, y_pred)
        return total / ops.maximum(count, 1.0)

    def totals(self, y_true: Any, y_pred: Any, sample_weight: Tensor | None = None) -> tuple[Tensor, Tensor]:
        if sample_weight is not None:
            raise ValueError(f"{self.name} must be a `keras_transformers.losses.Loss` to weigh examples.")
        total, count = self.loss.totals(y_true, y_pred)
        return total, count

    def measures(self, y_true: Any, y_pred: Any) -> dict[str, tuple[Tensor, Tensor]]:
        return self.loss.measures(y_true, y_pred) if hasattr(self.loss, "measures") else {}
