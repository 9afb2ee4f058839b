"""The language model: a decoder that attends to nothing but the text so far.

B batch, T length, D model width, V vocabulary size.
"""

from typing import Annotated, Any, Literal, Self

import keras
from keras import ops

from ..annotations import Config, Layer, State, Tensor
from ..errors import RecipeError
from ..layers.compose import revive
from ..layers.masks import as_attention_mask, as_causal_mask
from ..signature import (
    Absent,
    Count,
    Decoder,
    Embedding,
    Given,
    Initialization,
    Natural,
    Need,
    Position,
    Rate,
    register,
)
from .backbone import Backbone
from .embed import Embed
from .initialization import RANDOM, initialized
from .logits import FreeLogits, Logits
from .stepwise import Stepwise


@register("model", "language_model")
@keras.saving.register_keras_serializable(package="keras_transformers")
class LanguageModel(Backbone, Stepwise, keras.Model):
    """A decoder without an encoder, as in GPT, a functional Keras model: it says how a text goes on.

    Input: `tokens` (B, T), int32 ids, 0 where padded at the end; a text begins with the start token. Output: float32
    logits (B, T, V) of the token that follows each position.

    Reference: Radford et al. 2019 (GPT-2); Liu et al. 2018, https://arxiv.org/abs/1801.10198

    Args:
        dim: Model width D.
        embedding: Token embedding.
        decoder: Stack of decoder blocks, which have no cross-attention.
        position: What tells positions apart; none: only that no token sees a later one does.
        tie: Whether the output's matrix is the embedding; else it is one of its own.
        within_documents: Of rows that hold several texts: a token attends to its own text alone, whose positions begin
            at 0.
        start: The token that a text begins with.
        dropout: Rate of dropout on the sum of embedding and position.
        vocab_size: Number of tokens V; by default the tokenizer's.
        initialization: What changes the weights that each layer has drawn; `random`: nothing.

    Raises:
        RecipeError: The decoder's blocks have cross-attention, or the initialization is for another kind of model.
    """

    reads = ("tokens",)
    gives = ("logits",)
    continues = "tokens"
    needs = (Need("model.decoder.block.cross_attention", Absent()),)

    def __init__(
        self,
        dim: Count,
        embedding: Embedding,
        decoder: Decoder,
        position: Position | None = None,
        tie: bool = True,
        within_documents: bool = False,
        start: Natural = 2,
        dropout: Rate = 0.0,
        vocab_size: Annotated[Count, Given("tokenizer.vocab_size")] | None = None,
        initialization: Initialization | Literal["random"] = RANDOM,
        **kwargs: Any,
    ) -> None:
        if getattr(decoder, "reads_memory", False):
            raise RecipeError(
                "`model/language_model` has no encoder whose output its decoder could attend to: its decoder must be "
                "`decoder/decoder`, with `cross_attention` of its block null."
            )
        embed = Embed(embedding, position, dropout, name="embed")
        output = Logits(embedding, name="logits") if tie else FreeLogits(embedding.vocab_size, name="logits")
        tokens = keras.Input((None,), dtype="int32", name="tokens")
        if within_documents:
            mask, positions = Texts(start, name="texts")(tokens)
            states = decoder(embed(tokens, positions=positions), mask=mask, positions=positions)
        else:
            states = decoder(embed(tokens))
        super().__init__(inputs={"tokens": tokens}, outputs=output(states), **kwargs)
        self.dim = dim
        self.tie = tie
        self.within_documents = within_documents
        self.start = start
        self.vocab_size = vocab_size or embedding.vocab_size
        self.embed = embed
        self.decoder = decoder
        self.initialization = initialized(self, initialization)

    @property
    def encoder(self) -> Layer:
        """The stack whose blocks are numbered from below: the decoder."""
        return self.decoder

    def begin(self, inputs: dict[str, Tensor], length: int | Tensor) -> State:
        """Return the state of decoding texts of up to `length` tokens.

        Args:
            inputs: `tokens`, ids (B, P), each row the beginning of one text, its start token first, 0 where padded at
                the end: rows may be longer or shorter. Of these, all is read but each row's last token, which the first
                step reads.
            length: Most tokens of a row, those of its beginning included.

        Raises:
            ValueError: There is no `tokens`.
        """
        if "tokens" not in inputs:
            raise ValueError(f"`inputs` must hold `tokens`, ids (batch, length), but holds {sorted(inputs)}.")
        said = inputs["tokens"]
        return self.after(said, self.decoder.begin(ops.shape(said)[0], length, ragged=True))

    @property
    def output_layer(self) -> Layer:
        """The layer from the decoder's outputs to logits."""
        return self.get_layer("logits")

    def get_config(self) -> Config:
        serialize = keras.saving.serialize_keras_object
        position = self.embed.position
        return {
            "name": self.name,
            "dim": self.dim,
            "embedding": serialize(self.embed.embedding),
            "decoder": serialize(self.decoder),
            "position": None if position is None else serialize(position),
            "tie": self.tie,
            "within_documents": self.within_documents,
            "start": self.start,
            "dropout": self.embed.drop.rate,
            "vocab_size": self.vocab_size,
            "initialization": serialize(self.initialization),
        }

    @classmethod
    def from_config(cls, config: Config, custom_objects: Any = None) -> Self:
        parts = ("embedding", "decoder", "position", "initialization")
        return cls(**{**config, **{name: revive(config[name]) for name in parts}})


class Texts(keras.layers.Layer):
    """Tells the texts of a row apart, each of which begins with the token `start`."""

    def __init__(self, start: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.start = start

    def call(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Return what each of `tokens` (B, T) may attend to, (B, 1, T, T), and its position in its text, (B, T)."""
        number = ops.cumsum(ops.cast(ops.equal(tokens, self.start), "int32"), axis=1)  # (B, T)
        same = ops.equal(ops.expand_dims(number, 2), ops.expand_dims(number, 1))  # (B, T, T)
        mask = ops.logical_and(as_attention_mask(same), as_causal_mask(None, ops.shape(tokens)[1]))
        return mask, ops.sum(ops.cast(mask, "int32"), axis=(1, 3)) - 1

    def compute_output_spec(self, tokens: Tensor) -> Any:
        batch, length = tokens.shape
        mask = keras.KerasTensor((batch, 1, length, length), dtype="bool")
        return mask, keras.KerasTensor((batch, length), dtype="int32")
