"""The recurrent encoder-decoder: what the Transformer was made against.

B batch, S source length, T target length, D model width, V vocabulary size.
"""

from typing import Annotated, Any, Literal

import keras

from ..annotations import Config, Layer, Tensor
from ..signature import Count, Embedding, Exactly, Given, Initialization, Natural, Need, OneOf, Rate, Slot, register
from .encoder_decoder import EncoderDecoder
from .initialization import RANDOM


@register("model", "rnn")
@keras.saving.register_keras_serializable(package="keras_transformers")
class RecurrentEncoderDecoder(EncoderDecoder):
    """An encoder and a decoder of LSTMs or GRUs, with attention or without, a functional Keras model.

    The decoder begins with the state that the encoder ends in, layer by layer: all that one without attention knows of
    the source.

    Inputs, by name: `source` (B, S) and `target` (B, T), int32 ids, 0 where padded; `target` is what has been said so
    far, beginning with the start token. Output: float32 logits (B, T, V) of the token that follows each position.

    Reference: Sutskever et al. 2014, https://arxiv.org/abs/1409.3215; Luong et al. 2015, https://arxiv.org/abs/1508.04025

    Args:
        dim: Model width D, of the embedding and of each layer.
        embedding: Token embedding; where source and target do not share one, each has its own of this kind.
        encoder: Recurrent encoder.
        decoder: Recurrent decoder, of as many layers of the same cell.
        dropout: Rate of dropout on the embeddings.
        tie: What is one matrix: `all`: the embeddings of source and target and the output; `target`: those of target
            and output; `none`: each has its own.
        output_bias: Whether each token's logit has a trained number added.
        start: The token that an output begins with.
        vocab_size: Number of tokens V of the target; by default the tokenizer's.
        source_vocab_size: Number of tokens of the source; by default the source's tokenizer's, or V.
        initialization: What changes the weights that each layer has drawn; `random`: nothing.

    Raises:
        RecipeError: The vocabularies differ although all is tied, or the initialization is for another kind of model.
        ValueError: The decoder cannot go on from the encoder's state, or has no attention and is given no state.
    """

    needs = (
        Need("model.decoder.layers", Exactly("model.encoder.layers", when="model.encoder.cell")),
        Need("model.decoder.cell", OneOf(("lstm",), when="model.encoder.cell=lstm")),
        Need("model.decoder.cell", OneOf(("gru",), when="model.encoder.cell=gru")),
    )

    def __init__(
        self,
        dim: Count,
        embedding: Embedding,
        encoder: Annotated[Any, Slot("encoder", default="rnn")],
        decoder: Annotated[Any, Slot("decoder", default="rnn")],
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
        position = None
        sizes = {"vocab_size": vocab_size, "source_vocab_size": source_vocab_size}
        super().__init__(
            dim, embedding, encoder, decoder, position, dropout, tie, output_bias, start, **sizes,
            initialization=initialization, **kwargs,
        )  # fmt: skip

    @staticmethod
    def memorize(encoder: Layer, decoder: Layer, x: Tensor, mask: Tensor) -> Any:
        """Return the encoder's outputs (B, S, D) and, of recurrent ones, the states that its layers end in."""
        recurrent = getattr(encoder, "returns_state", False) and getattr(decoder, "takes_state", False)
        state = {"return_state": True} if recurrent else {}
        return encoder(x, mask=mask, **state)

    def get_config(self) -> Config:
        config = super().get_config()
        del config["position"]
        return config
