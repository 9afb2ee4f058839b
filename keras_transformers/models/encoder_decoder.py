"""Encoder and decoder, and embeddings that source, target and output share or not.

B batch, S source length, T target length, D model width, V vocabulary size.
"""

from typing import Annotated, Any, Literal, Self

import keras
from keras import ops

from ..annotations import Config, Layer, State, Tensor
from ..errors import RecipeError
from ..layers.compose import clone, revive
from ..layers.masks import padding_mask
from ..signature import (
    Count,
    Decoder,
    Embedding,
    Encoder,
    Exactly,
    Given,
    Initialization,
    Natural,
    Position,
    Rate,
)
from .backbone import Backbone
from .embed import Embed
from .initialization import RANDOM, initialized
from .logits import FreeLogits, Logits
from .stepwise import Stepwise


class EncoderDecoder(Backbone, Stepwise, keras.Model):
    """Abstract: an encoder that reads the source, and a decoder that says the target, a functional Keras model.

    Subclasses are registered, say what they need, and may hand over more than the encoder's outputs (`memorize`).

    Inputs, by name: `source` (B, S) and `target` (B, T), int32 ids, 0 where padded; `target` is
    what has been said so far, beginning with the start token. Output: float32 logits (B, T, V) of
    the token that follows each position.
    """

    reads = ("source", "target")
    gives = ("logits",)
    continues = "target"

    def __init__(
        self,
        dim: Count,
        embedding: Embedding,
        encoder: Encoder,
        decoder: Decoder,
        position: Position | None = None,
        dropout: Rate = 0.0,
        tie: Literal["all", "target", "none"] = "all",
        output_bias: bool = False,
        start: Natural = 2,
        vocab_size: Annotated[Count, Given("tokenizer.vocab_size")] | None = None,
        source_vocab_size: Annotated[Count, Given("tokenizer.source.vocab_size"), Exactly("vocab_size", when="tie=all")]
        | None = None,
        initialization: Initialization | Literal["random"] = RANDOM,
        **kwargs: Any,
    ) -> None:
        if not getattr(decoder, "reads_memory", True):
            raise RecipeError(
                "The decoder must read the encoder's output, but reads none: leave `cross_attention` of its block out, "
                "for another like `attention`."
            )
        of_source = source_vocab_size or embedding.vocab_size
        if tie == "all":
            if of_source != embedding.vocab_size:
                raise RecipeError(
                    f"`source_vocab_size` must be that of the target ({embedding.vocab_size}) with `tie: all`, but is "
                    f"{of_source}: tie `target` or `none`."
                )
            embed = embed_target = Embed(embedding, position, dropout, name="embed")
        else:
            own = clone(embedding, vocab_size=of_source)
            embed = Embed(own, None if position is None else clone(position), dropout, name="embed")
            embed_target = Embed(embedding, position, dropout, name="embed_target")
        if tie == "none":
            output = FreeLogits(embedding.vocab_size, output_bias, embedding.initializer(), name="logits")
        else:
            output = Logits(embedding, output_bias, name="logits")
        source = keras.Input((None,), dtype="int32", name="source")
        target = keras.Input((None,), dtype="int32", name="target")
        memory_mask = padding_mask(source)
        memory = self.memorize(encoder, decoder, embed(source), memory_mask)
        states = decoder(embed_target(target), memory, memory_mask=memory_mask)
        super().__init__(inputs={"source": source, "target": target}, outputs=output(states), **kwargs)
        self.dim = dim
        self.tie = tie
        self.output_bias = output_bias
        self.start = start
        self.vocab_size = vocab_size or embedding.vocab_size
        self.source_vocab_size = source_vocab_size
        self.embed = embed
        self.encoder = encoder
        self.decoder = decoder
        self.initialization = initialized(self, initialization)

    @property
    def embed_target(self) -> Any:
        """The layer from the target's ids to vectors, which may be that of the source."""
        return self.embed if self.tie == "all" else self.get_layer("embed_target")

    @staticmethod
    def memorize(encoder: Layer, decoder: Layer, x: Tensor, mask: Tensor) -> Any:
        """Return what the decoder is given of the source: the encoder's outputs (B, S, D).

        Args:
            encoder: The encoder.
            decoder: The decoder, which may take more than that.
            x: The encoder's inputs (B, S, D).
            mask: True at what is real, (B, 1, 1, S).
        """
        return encoder(x, mask=mask)

    def encode(self, source: Tensor) -> tuple[Any, Tensor]:
        """Map ids (B, S) to the memory, from `memorize`, and its mask (B, 1, 1, S)."""
        mask = padding_mask(source)
        return self.memorize(self.encoder, self.decoder, self.embed(source), mask), mask

    def begin(self, inputs: dict[str, Tensor], length: int | Tensor) -> State:
        """Return the state of decoding up to `length` targets.

        Args:
            inputs: `source`, ids (B, S) and, if something has been said already, `target`, ids (B, P), beginning with
                the start token, 0 where padded: rows may have said more or less. Of these, all is read but each
                row's last token, which the first step reads.
            length: Most targets of a row; with `target`, `step` takes `length - (P-1)` more.

        Raises:
            ValueError: There is no `source`.
        """
        if "source" not in inputs:
            raise ValueError(f"`inputs` must hold `source`, ids (batch, source), but holds {sorted(inputs)}.")
        source, said = inputs["source"], inputs.get("target")
        memory, mask = self.encode(source)
        state: State = self.decoder.begin(ops.shape(source)[0], length, memory, mask, ragged=said is not None)
        return self.after(said, state)

    @property
    def output_layer(self) -> Layer:
        """The layer from the decoder's outputs to logits."""
        return self.get_layer("logits")

    def get_config(self) -> Config:
        serialize = keras.saving.serialize_keras_object
        position = self.embed_target.position
        return {
            "name": self.name,
            "dim": self.dim,
            "embedding": serialize(self.embed_target.embedding),
            "encoder": serialize(self.encoder),
            "decoder": serialize(self.decoder),
            "position": None if position is None else serialize(position),
            "dropout": self.embed.drop.rate,
            "tie": self.tie,
            "output_bias": self.output_bias,
            "start": self.start,
            "vocab_size": self.vocab_size,
            "source_vocab_size": self.source_vocab_size,
            "initialization": serialize(self.initialization),
        }

    @classmethod
    def from_config(cls, config: Config, custom_objects: Any = None) -> Self:
        parts = ("embedding", "encoder", "decoder", "position", "initialization")
        return cls(**{**config, **{name: revive(config[name]) for name in parts if name in config}})
