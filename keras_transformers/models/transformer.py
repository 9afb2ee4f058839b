"""The Transformer: an encoder, a decoder, and one embedding shared by both and by the output.

B batch, S source length, T target length, D model width, V vocabulary size.
"""

from typing import Annotated

import keras
from keras import ops

from ..layers.compose import build_once, revive
from ..layers.dropout import Dropout
from ..layers.masks import padding_mask
from ..signature import Count, Given, Rate, slot


@keras.saving.register_keras_serializable(package="keras_transformers")
class Transformer(keras.Model):
    """The encoder-decoder of "Attention Is All You Need", a functional Keras model.

    Registered as `model/transformer`.

    Inputs, by name: `source` (B, S) and `target` (B, T), int32 ids, 0 where padded; `target` is
    what has been said so far, beginning with the start token. Output: float32 logits (B, T, V) of
    the token that follows each position.

    Reference: Vaswani et al. 2017, https://arxiv.org/abs/1706.03762

    Args:
        dim: Model width D.
        embedding: Token embedding, shared by source, target and output.
        encoder: Stack of encoder blocks.
        decoder: Stack of decoder blocks.
        position: What tells positions apart; none: order is invisible to the encoder.
        dropout: Rate of dropout on the sum of embedding and position.
        vocab_size: Number of tokens V; by default the tokenizer's.
    """

    reads = ("source", "target")
    gives = ("logits",)

    def __init__(
        self,
        dim: Count,
        embedding: slot("embedding"),
        encoder: slot("encoder", default="encoder"),
        decoder: slot("decoder", default="decoder"),
        position: slot("position") | None = None,
        dropout: Rate = 0.0,
        vocab_size: Annotated[Count, Given("tokenizer.vocab_size")] | None = None,
        **kwargs,
    ):
        embed = Embed(embedding, position, dropout, name="embed")
        source = keras.Input((None,), dtype="int32", name="source")
        target = keras.Input((None,), dtype="int32", name="target")
        memory_mask = padding_mask(source)
        memory = encoder(embed(source), mask=memory_mask)
        states = decoder(embed(target), memory, memory_mask=memory_mask)
        logits = Logits(embedding, name="logits")(states)
        super().__init__(inputs={"source": source, "target": target}, outputs=logits, **kwargs)
        self.dim = dim
        self.vocab_size = vocab_size or embedding.vocab_size
        self.embed = embed
        self.encoder = encoder
        self.decoder = decoder

    def encode(self, source):
        """Map ids (B, S) to the memory (B, S, D) and its mask (B, 1, 1, S)."""
        mask = padding_mask(source)
        return self.encoder(self.embed(source), mask=mask), mask

    def start_caches(self, memory, length):
        """Return the caches to decode up to `length` targets against `memory` (B, S, D)."""
        return self.decoder.start_caches(memory, length)

    def step(self, target, caches, index, memory_mask):
        """Decode ids (B, L) at positions index … index+L-1; return logits (B, L, V), caches."""
        x = self.embed(target, start=index, training=False)
        states, caches = self.decoder.step(x, caches, index, memory_mask)
        return self.embed.embedding.logits(states), caches

    def get_config(self):
        serialize = keras.saving.serialize_keras_object
        position = self.embed.position
        return {
            "name": self.name,
            "dim": self.dim,
            "embedding": serialize(self.embed.embedding),
            "encoder": serialize(self.encoder),
            "decoder": serialize(self.decoder),
            "position": None if position is None else serialize(position),
            "dropout": self.embed.drop.rate,
            "vocab_size": self.vocab_size,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        parts = ("embedding", "encoder", "decoder", "position")
        return cls(**{**config, **{name: revive(config[name]) for name in parts}})


class Embed(keras.layers.Layer):
    """Embedding, plus position, then dropout."""

    def __init__(self, embedding, position, dropout, **kwargs):
        super().__init__(**kwargs)
        self.embedding = embedding
        self.position = position
        self.drop = Dropout(dropout, dtype=self.dtype_policy)

    def build(self, ids_shape):
        build_once(self.embedding, ids_shape)
        if self.position is not None:
            build_once(self.position, (*ids_shape, self.embedding.dim))

    def call(self, ids, start=0, training=None):
        """Map ids (B, T) at positions start … start+T-1 to vectors (B, T, D)."""
        x = self.embedding(ids)
        if self.position is not None:
            x = self.position(x, positions=start + ops.arange(ops.shape(ids)[1]))
        return self.drop(x, training=training)

    def compute_output_spec(self, ids, *args, **kwargs):
        return keras.KerasTensor((*ids.shape, self.embedding.dim), dtype=self.compute_dtype)


class Logits(keras.layers.Layer):
    """The transpose of the embedding, as the output projection."""

    def __init__(self, embedding, **kwargs):
        super().__init__(**kwargs)
        self.embedding = embedding

    def call(self, states):
        """Map states (B, T, D) to float32 logits (B, T, V)."""
        return self.embedding.logits(states)

    def compute_output_spec(self, states):
        shape = (*states.shape[:-1], self.embedding.vocab_size)
        return keras.KerasTensor(shape, dtype="float32")
