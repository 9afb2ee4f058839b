"""Sentence embeddings: pooling over token vectors.

B batch, T length, D model width.
"""

from typing import Any, Literal

import keras
from keras import ops

from ...annotations import Config, Shape, Tensor
from ...layers.masks import MaskedLayer
from ..backbone import features

TINY = 1e-12  # the length of a vector is at least this


def mean_pooling(sequence: Tensor, real: Tensor) -> Tensor:
    """Return (B, D): the mean of `sequence` (B, T, D) where `real` (B, T) is True."""
    weights = ops.expand_dims(ops.cast(real, sequence.dtype), -1)
    return ops.sum(sequence * weights, axis=1) / ops.maximum(ops.sum(weights, axis=1), 1.0)


def unit_length(vectors: Tensor) -> Tensor:
    """Return `vectors` (…, D) divided by their lengths; one of zeros stays."""
    length = ops.sqrt(ops.sum(ops.square(vectors), axis=-1, keepdims=True))
    return vectors / ops.maximum(length, TINY)


@keras.saving.register_keras_serializable(package="keras_transformers")
class SentenceVector(MaskedLayer):
    """The mean of the tokens' vectors, special tokens included, or the vector of [CLS].

    Reference: Reimers and Gurevych 2019, section 3, https://arxiv.org/abs/1908.10084

    Args:
        pooling: `mean` or `cls`.
        normalize: Whether the vector gets length 1.
    """

    def __init__(self, pooling: Literal["mean", "cls"] = "mean", normalize: bool = True, **kwargs: Any) -> None:
        super().__init__(**{"dtype": "float32", **kwargs})
        self.pooling = pooling
        self.normalize = normalize

    def call(self, sequence: Tensor, tokens: Tensor) -> Tensor:
        """Map states (B, T, D) and ids (B, T), 0 where padded, to vectors (B, D), float32."""
        vectors = sequence[:, 0] if self.pooling == "cls" else mean_pooling(sequence, ops.not_equal(tokens, 0))
        return unit_length(vectors) if self.normalize else vectors

    def compute_output_spec(self, sequence: Tensor, tokens: Tensor) -> Any:
        return keras.KerasTensor(self.compute_output_shape(sequence.shape), dtype="float32")

    def compute_mask(self, inputs: Any, previous_mask: Tensor | None = None) -> Any:
        return None

    def compute_output_shape(self, sequence_shape: Shape, *_: Any) -> Any:
        return (sequence_shape[0], sequence_shape[-1])

    def get_config(self) -> Config:
        return {**super().get_config(), "pooling": self.pooling, "normalize": self.normalize}


def with_sentence_pairs(backbone: Any, pooling: Literal["mean", "cls"], normalize: bool) -> keras.Model:
    """Return the model of two texts, read apart by the same encoder.

    Inputs, by name: `tokens` and `segments` (B, T) of the first text, `second_tokens` and
    `second_segments` (B, S) of the second. Outputs, by name: `first` and `second`, float32 (B, D).

    Args:
        backbone: A `Bert`.
        pooling: As of `SentenceVector`.
        normalize: As of `SentenceVector`.
    """
    vector = SentenceVector(pooling, normalize, name="sentence_vector")
    first = backbone.input
    states = features(backbone, "sequence", "task/sentence_embedding")
    second = {name: keras.Input((None,), dtype="int32", name=f"second_{name}") for name in first}
    outputs = {
        "first": vector(states, first["tokens"]),
        "second": vector(backbone(second)["sequence"], second["tokens"]),
    }
    return keras.Model({**first, **{f"second_{name}": value for name, value in second.items()}}, outputs)


def single_text(model: Any) -> keras.Model:
    """Return the part of a model of two texts that reads one: `tokens` and `segments` to a vector (B, D)."""
    inputs = {name: model.input[name] for name in ("tokens", "segments")}
    return keras.Model(inputs, model.output["first"])
