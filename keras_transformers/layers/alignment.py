"""Alignment: the attention of recurrent decoders, before it had heads.

B batch, T target length, S source length, D model width, E width of keys.
"""

from typing import Any, Self

import keras
from keras import ops

from ..annotations import Config, Shape, Tensor
from ..signature import register
from .attention import masked_softmax
from .compose import build_once, revive, width_of
from .initializer import kernel_initializer
from .linear import Linear
from .masks import MaskedLayer, as_attention_mask, implicit_mask


def additive_scores(query: Tensor, keys: Tensor, vector: Tensor) -> Tensor:
    """Return (B, T, S): vᵀ tanh(q + k) of each of `query` (B, T, E) and `keys` (B, S, E), by `vector` v (E, 1)."""
    both = ops.expand_dims(query, 2) + ops.expand_dims(keys, 1)  # (B, T, S, E)
    return ops.matmul(ops.tanh(both), ops.cast(vector, both.dtype))[..., 0]


def dot_scores(query: Tensor, keys: Tensor) -> Tensor:
    """Return (B, T, S): the products of `query` (B, T, E) and `keys` (B, S, E)."""
    return ops.matmul(query, ops.transpose(keys, (0, 2, 1)))


class Alignment(MaskedLayer):
    """Abstract: weighs the source by how well each of it fits a target, and returns the weighted mean.

    Subclasses write `scores` and, if the source enters them transformed, `keys`.
    """

    def keys(self, source: Tensor) -> Tensor:
        """Return what `scores` takes of the source (B, S, D), (B, S, E), computed once a sentence."""
        return source

    def scores(self, query: Tensor, keys: Tensor) -> Tensor:
        """Return how well each target (B, T, D) fits each of the source by its `keys` (B, S, E), (B, T, S)."""
        raise NotImplementedError(f"{type(self).__name__} must have a method `scores(query, keys)`.")

    def normalize(self, scores: Tensor, mask: Tensor | None) -> Tensor:
        """Return the weights (B, 1, T, S), float32, which sum to 1 over S."""
        return masked_softmax(scores, mask)

    def call(self, query: Tensor, source: Tensor, mask: Tensor | None = None, keys: Tensor | None = None) -> Tensor:
        """Return the context (B, T, D).

        Args:
            query: The targets (B, T, D).
            source: What is attended to, (B, S, D).
            mask: True where it may be, (B, S) or broadcastable to (B, 1, T, S); by default the source's implicit one.
            keys: Of the source, from `keys`, where they were computed before.
        """
        mask = implicit_mask(source) if mask is None else mask
        scores = self.scores(query, self.keys(source) if keys is None else keys)
        weights = self.normalize(ops.expand_dims(scores, 1), None if mask is None else as_attention_mask(mask))
        return ops.matmul(ops.cast(weights[:, 0], source.dtype), source)

    def compute_output_shape(self, query_shape: Shape, source_shape: Shape, *_: Any) -> Shape:
        return (*query_shape[:-1], source_shape[-1])


@register("alignment", "additive")
@keras.saving.register_keras_serializable(package="keras_transformers")
class Additive(Alignment):
    """vᵀ tanh(W q + U s).

    Reference: Bahdanau et al. 2015, appendix A.1.2, https://arxiv.org/abs/1409.0473
    """

    def build(self, query_shape: Shape, source_shape: Shape) -> None:
        dim = width_of(query_shape)
        self.query = _linear(self, "query", dim, query_shape)
        self.key = _linear(self, "key", dim, source_shape)
        initializer = kernel_initializer("glorot_uniform")
        self.vector = self.add_weight(name="vector", shape=(dim, 1), initializer=initializer)

    def keys(self, source: Tensor) -> Tensor:
        return self.key(source)

    def scores(self, query: Tensor, keys: Tensor) -> Tensor:
        return additive_scores(self.query(query), keys, self.vector)


@register("alignment", "dot")
@keras.saving.register_keras_serializable(package="keras_transformers")
class Dot(Alignment):
    """qᵀ s.

    Reference: Luong et al. 2015, section 3.1, https://arxiv.org/abs/1508.04025

    Raises:
        ValueError: Targets and source are not of one width.
    """

    def build(self, query_shape: Shape, source_shape: Shape) -> None:
        if query_shape[-1] != source_shape[-1]:
            raise ValueError(
                f"`alignment/dot` needs targets and source of one width, but they have {query_shape[-1]} and "
                f"{source_shape[-1]}: `general` and `additive` take any."
            )

    def scores(self, query: Tensor, keys: Tensor) -> Tensor:
        return dot_scores(query, keys)


@register("alignment", "general")
@keras.saving.register_keras_serializable(package="keras_transformers")
class General(Alignment):
    """qᵀ W s.

    Reference: Luong et al. 2015, section 3.1, https://arxiv.org/abs/1508.04025
    """

    def build(self, query_shape: Shape, source_shape: Shape) -> None:
        self.key = _linear(self, "key", width_of(query_shape), source_shape)

    def keys(self, source: Tensor) -> Tensor:
        return self.key(source)

    def scores(self, query: Tensor, keys: Tensor) -> Tensor:
        return dot_scores(query, keys)


@keras.saving.register_keras_serializable(package="keras_transformers")
class Attentional(MaskedLayer):
    """tanh(C [context; h]): a recurrent decoder's outputs h, joined with the context that they find in the source.

    Reference: Luong et al. 2015, equation 5, https://arxiv.org/abs/1508.04025

    Args:
        cross_attention: An `Alignment`.
    """

    def __init__(self, cross_attention: Alignment, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.cross_attention = cross_attention

    def build(self, h_shape: Shape, source_shape: Shape) -> None:
        build_once(self.cross_attention, h_shape, source_shape)
        dim = width_of(h_shape)
        self.combine = _linear(self, "combine", dim, (*h_shape[:-1], dim + width_of(source_shape)))

    def call(self, h: Tensor, source: Tensor, mask: Tensor | None = None, keys: Tensor | None = None) -> Tensor:
        """Map `h` (B, T, D) to (B, T, D).

        Args:
            h: The decoder's outputs, which ask.
            source: What is attended to, (B, S, D).
            mask: True where it may be, (B, S) or (B, 1, 1, S); by default the source's implicit one.
            keys: Of the source, from the alignment's `keys`, where they were computed before.
        """
        context = self.cross_attention(h, source, mask=mask, keys=keys)
        return ops.tanh(self.combine(ops.concatenate([context, h], axis=-1)))

    def compute_output_shape(self, h_shape: Shape, *_: Any) -> Shape:
        return tuple(h_shape)

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "cross_attention": keras.saving.serialize_keras_object(self.cross_attention),
        }

    @classmethod
    def from_config(cls, config: Config) -> Self:
        return cls(**{**config, "cross_attention": revive(config["cross_attention"])})


def _linear(owner: MaskedLayer, name: str, units: int, input_shape: Shape) -> Linear:
    """Return a projection without bias, built, in the dtype of the layer that it is for."""
    initializer = kernel_initializer("glorot_uniform")
    layer = Linear(units, use_bias=False, kernel_initializer=initializer, dtype=owner.dtype_policy, name=name)
    layer.build(input_shape)
    return layer
