"""The Transformer: encoder and decoder of attention alone.

B batch, S source length, T target length, D model width, V vocabulary size.
"""

import keras

from ..signature import Need, Present, register
from .encoder_decoder import EncoderDecoder


@register("model", "transformer")
@keras.saving.register_keras_serializable(package="keras_transformers")
class Transformer(EncoderDecoder):
    """The encoder-decoder of "Attention Is All You Need", a functional Keras model.

    Inputs, by name: `source` (B, S) and `target` (B, T), int32 ids, 0 where padded; `target` is
    what has been said so far, beginning with the start token. Output: float32 logits (B, T, V) of
    the token that follows each position.

    Reference: Vaswani et al. 2017, https://arxiv.org/abs/1706.03762

    Args:
        dim: Model width D.
        embedding: Token embedding; where source and target do not share one, each has its own of this kind.
        encoder: Stack of encoder blocks.
        decoder: Stack of decoder blocks.
        position: What tells positions apart; none: order is invisible to the encoder.
        dropout: Rate of dropout on the sum of embedding and position.
        tie: What is one matrix: `all`: the embeddings of source and target and the output; `target`: those of target
            and output; `none`: each has its own.
        output_bias: Whether each token's logit has a trained number added.
        start: The token that an output begins with: 2, the beginning, or as in fairseq 3, the end, or as in Marian 0,
            padding.
        vocab_size: Number of tokens V of the target; by default the tokenizer's.
        source_vocab_size: Number of tokens of the source; by default the source's tokenizer's, or V.
        initialization: What changes the weights that each layer has drawn; `random`: nothing.

    Raises:
        RecipeError: The decoder's blocks have no cross-attention, the vocabularies differ although all is tied, or the
            initialization is for another kind of model.
    """

    needs = (Need("model.decoder.block.cross_attention", Present()),)
