"""BERT: an encoder over the sum of token, segment and position embeddings, and a pooler.

B batch, T length, D model width, V vocabulary size.
"""

from typing import Annotated, Any, Literal, Self

import keras
from keras import ops

from ..annotations import Config, Layer, Shape, Tensor
from ..layers.compose import build_once, revive
from ..layers.dropout import Dropout
from ..layers.initializer import truncated_normal
from ..layers.linear import Linear
from ..layers.masks import MaskedLayer, padding_mask
from ..layers.norms import LayerNorm
from ..signature import Count, Embedding, Encoder, Given, Initialization, Norm, Position, Rate, register
from .backbone import Backbone
from .initialization import RANDOM, initialized
from .matching import Matching


@register("model", "bert")
@keras.saving.register_keras_serializable(package="keras_transformers")
class Bert(Backbone, keras.Model):
    """The encoder of "BERT: Pre-training of Deep Bidirectional Transformers", a functional Keras model.

    Inputs, by name: `tokens` (B, T), int32 ids, 0 where padded, and `segments` (B, T), int32, 0 for
    the first text and 1 for the second. Outputs, by name: `sequence` (B, T, D), a vector for each
    token, and `pooled` (B, D), the first token's through a dense layer and tanh.

    Reference: Devlin et al. 2018, https://arxiv.org/abs/1810.04805

    Args:
        dim: Model width D.
        embedding: Token embedding.
        encoder: Stack of encoder blocks.
        position: What tells positions apart; none: order is invisible to the encoder.
        norm: Normalization of the summed embeddings; by default layer normalization.
        segments: Number of segments.
        dropout: Rate of dropout on the normalized embeddings.
        vocab_size: Number of tokens V; by default the tokenizer's.
        initialization: What changes the weights that each layer has drawn; `random`: nothing.

    Raises:
        RecipeError: The initialization is for another kind of model.
    """

    reads = ("tokens", "segments")
    gives = ("sequence", "pooled")

    def __init__(
        self,
        dim: Count,
        embedding: Embedding,
        encoder: Encoder,
        position: Position | None = None,
        norm: Norm | None = None,
        segments: Count = 2,
        dropout: Rate = 0.0,
        vocab_size: Annotated[Count, Given("tokenizer.vocab_size")] | None = None,
        initialization: Initialization | Literal["random"] = RANDOM,
        **kwargs: Any,
    ) -> None:
        embed = SegmentEmbed(embedding, segments, position, norm or LayerNorm(), dropout, name="embed")
        pooler = Linear(dim, activation="tanh", kernel_initializer=truncated_normal(), name="pooler")
        inputs = {name: keras.Input((None,), dtype="int32", name=name) for name in ("tokens", "segments")}
        sequence = encoder(embed(inputs["tokens"], inputs["segments"]), mask=padding_mask(inputs["tokens"]))
        outputs = {"sequence": sequence, "pooled": pooler(sequence[:, 0])}
        super().__init__(inputs=inputs, outputs=outputs, **kwargs)
        self.dim = dim
        self.segments = segments
        self.vocab_size = vocab_size or embedding.vocab_size
        self.embed = embed
        self.encoder = encoder
        self.pooler = pooler
        self.initialization = initialized(self, Matching() if initialization == "matching" else initialization)

    def get_config(self) -> Config:
        serialize = keras.saving.serialize_keras_object
        position = self.embed.position
        return {
            "name": self.name,
            "dim": self.dim,
            "embedding": serialize(self.embed.embedding),
            "encoder": serialize(self.encoder),
            "position": None if position is None else serialize(position),
            "norm": serialize(self.embed.norm),
            "segments": self.embed.segments,
            "dropout": self.embed.drop.rate,
            "vocab_size": self.vocab_size,
            "initialization": serialize(self.initialization),
        }

    @classmethod
    def from_config(cls, config: Config, custom_objects: Any = None) -> Self:
        parts = ("embedding", "encoder", "position", "norm", "initialization")
        return cls(**{**config, **{name: revive(config[name]) for name in parts}})


@keras.saving.register_keras_serializable(package="keras_transformers")
class SegmentEmbed(MaskedLayer):
    """Token, segment and position embeddings summed, then normalization, then dropout."""

    def __init__(
        self, embedding: Layer, segments: int, position: Layer | None, norm: Layer, dropout: float, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.embedding = embedding
        self.segments = segments
        self.position = position
        self.norm = norm
        self.drop = Dropout(dropout, dtype=self.dtype_policy)

    def build(self, tokens_shape: Shape, *_: Any) -> None:
        dim = self.embedding.dim
        build_once(self.embedding, tokens_shape)
        self.table = self.add_weight(name="segments", shape=(self.segments, dim), initializer=truncated_normal())
        if self.position is not None:
            build_once(self.position, (*tokens_shape, dim))
        build_once(self.norm, (*tokens_shape, dim))

    def call(self, tokens: Tensor, segments: Tensor, training: bool | None = None) -> Tensor:
        """Map ids and segments, both (B, T), to vectors (B, T, D)."""
        x = self.embedding(tokens) + ops.cast(ops.take(self.table, segments, axis=0), self.compute_dtype)
        if self.position is not None:
            x = self.position(x, positions=ops.arange(ops.shape(tokens)[1]))
        return self.drop(self.norm(x), training=training)

    def compute_output_shape(self, tokens_shape: Shape, *_: Any) -> Any:
        return (*tokens_shape, self.embedding.dim)

    def get_config(self) -> Config:
        serialize = keras.saving.serialize_keras_object
        position = None if self.position is None else serialize(self.position)
        parts = {"embedding": serialize(self.embedding), "position": position, "norm": serialize(self.norm)}
        return {**super().get_config(), **parts, "segments": self.segments, "dropout": self.drop.rate}

    @classmethod
    def from_config(cls, config: Config) -> Self:
        return cls(**{**config, **{name: revive(config[name]) for name in ("embedding", "position", "norm")}})
