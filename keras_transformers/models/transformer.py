"""The Transformer: an encoder, a decoder, and one embedding shared by both and by the output.

B batch, S source length, T target length, D model width, V vocabulary size.
"""

from typing import Annotated, Any, Literal, Self

import keras
from keras import ops

from ..annotations import Config, Layer, Shape, State, Tensor
from ..errors import RecipeError
from ..layers.compose import build_once, revive
from ..layers.dropout import Dropout
from ..layers.masks import MaskedLayer, padding_mask
from ..signature import (
    Count,
    Decoder,
    Embedding,
    Encoder,
    Given,
    Initialization,
    Need,
    Position,
    Present,
    Rate,
    register,
)
from .backbone import Backbone
from .decodable import Decodable
from .initialization import RANDOM, initialized


@register("model", "transformer")
@keras.saving.register_keras_serializable(package="keras_transformers")
class Transformer(Backbone, Decodable, keras.Model):
    """The encoder-decoder of "Attention Is All You Need", a functional Keras model.

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
        initialization: What changes the weights that each layer has drawn; `random`: nothing.

    Raises:
        RecipeError: The decoder's blocks have no cross-attention, or the initialization is for another kind of model.
    """

    reads = ("source", "target")
    gives = ("logits",)
    needs = (Need("model.decoder.block.cross_attention", Present()),)

    def __init__(
        self,
        dim: Count,
        embedding: Embedding,
        encoder: Encoder,
        decoder: Decoder,
        position: Position | None = None,
        dropout: Rate = 0.0,
        vocab_size: Annotated[Count, Given("tokenizer.vocab_size")] | None = None,
        initialization: Initialization | Literal["random"] = RANDOM,
        **kwargs: Any,
    ) -> None:
        if not getattr(decoder, "reads_memory", True):
            raise RecipeError(
                "`model/transformer` needs a decoder that reads the encoder's output, but `cross_attention` of its "
                "block is null: leave it out for another like `attention`."
            )
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
        self.initialization = initialized(self, initialization)

    def encode(self, source: Tensor) -> tuple[Tensor, Tensor]:
        """Map ids (B, S) to the memory (B, S, D) and its mask (B, 1, 1, S)."""
        mask = padding_mask(source)
        return self.encoder(self.embed(source), mask=mask), mask

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
        if said is None or said.shape[1] == 1:
            return state
        real = ops.logical_and(ops.not_equal(said[:, :-1], 0), ops.not_equal(said[:, 1:], 0))
        return self._read(said[:, :-1], state, real)[1]

    def step(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        """Read the next targets `ids` (B, T), 0 where a row has ended; return logits (B, T, V) and the new state."""
        states, state = self._read(ids, state, ops.not_equal(ids, 0))
        return self.embed.embedding.logits(states), state

    def choose(self, state: State, parents: Tensor) -> State:
        """Return the state of the rows `parents`, integers (N,), each a row to go on from."""
        chosen: State = self.decoder.choose(state, parents)
        return chosen

    def _read(self, ids: Tensor, state: State, real: Tensor | None) -> tuple[Tensor, State]:
        positions = self.decoder.positions(state, ops.shape(ids)[1], real)
        x = self.embed(ids, positions=positions, training=False)
        states, state = self.decoder.step(x, state, positions, real)
        return states, state

    def get_config(self) -> Config:
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
            "initialization": serialize(self.initialization),
        }

    @classmethod
    def from_config(cls, config: Config, custom_objects: Any = None) -> Self:
        parts = ("embedding", "encoder", "decoder", "position", "initialization")
        return cls(**{**config, **{name: revive(config[name]) for name in parts if name in config}})


class Embed(MaskedLayer):
    """Embedding, plus position, then dropout."""

    def __init__(self, embedding: Layer, position: Layer | None, dropout: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.embedding = embedding
        self.position = position
        self.drop = Dropout(dropout, dtype=self.dtype_policy)

    def build(self, ids_shape: Shape) -> None:
        build_once(self.embedding, ids_shape)
        if self.position is not None:
            build_once(self.position, (*ids_shape, self.embedding.dim))

    def call(self, ids: Tensor, positions: Tensor | None = None, training: bool | None = None) -> Tensor:
        """Map ids (B, T) at `positions`, (T,) or (B, T), by default 0 … T-1, to vectors (B, T, D)."""
        x = self.embedding(ids)
        if self.position is not None:
            x = self.position(x, positions=ops.arange(ops.shape(ids)[1]) if positions is None else positions)
        return self.drop(x, training=training)

    def compute_output_shape(self, ids_shape: Shape) -> Any:
        return (*ids_shape, self.embedding.dim)


class Logits(MaskedLayer):
    """The transpose of the embedding, as the output projection."""

    def __init__(self, embedding: Layer, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.embedding = embedding

    def call(self, states: Tensor) -> Tensor:
        """Map states (B, T, D) to float32 logits (B, T, V)."""
        return self.embedding.logits(states)

    def compute_output_spec(self, states: Tensor) -> Any:
        return keras.KerasTensor(self.compute_output_shape(states.shape), dtype="float32")

    def compute_output_shape(self, states_shape: Shape) -> Any:
        return (*states_shape[:-1], self.embedding.vocab_size)
