"""Building blocks of Transformers, and of the recurrent networks before them, in `keras.ops` for every backend."""

from .alignment import Additive, Alignment, Attentional, Dot, General
from .attention import MultiHeadAttention, dot_product_scores, masked_softmax, weighted_sum
from .block import Block
from .decoder_block import DecoderBlock
from .dropout import Dropout
from .embedding import Embedding, ScaledEmbedding, TokenEmbedding
from .encoder_block import EncoderBlock
from .feed_forward import FeedForward
from .initializer import Initializer, kernel_initializer, truncated_normal
from .linear import Linear
from .masks import as_attention_mask, as_causal_mask, causal_mask, padding_mask
from .norms import LayerNorm, RMSNorm
from .position import LearnedPosition, Position, SinusoidalPosition, sinusoids
from .recurrent import Recurrent
from .recurrent_stack import RecurrentDecoder, RecurrentEncoder
from .residual import NormOrder, Residual
from .rotary import RotaryAttention
from .stack import Decoder, Encoder

__all__ = [
    "Additive",
    "Alignment",
    "Attentional",
    "Block",
    "Decoder",
    "DecoderBlock",
    "Dot",
    "Dropout",
    "Embedding",
    "Encoder",
    "EncoderBlock",
    "FeedForward",
    "General",
    "Initializer",
    "LayerNorm",
    "LearnedPosition",
    "Linear",
    "MultiHeadAttention",
    "NormOrder",
    "Position",
    "RMSNorm",
    "Recurrent",
    "RecurrentDecoder",
    "RecurrentEncoder",
    "Residual",
    "RotaryAttention",
    "ScaledEmbedding",
    "SinusoidalPosition",
    "TokenEmbedding",
    "as_attention_mask",
    "as_causal_mask",
    "causal_mask",
    "dot_product_scores",
    "kernel_initializer",
    "masked_softmax",
    "padding_mask",
    "sinusoids",
    "truncated_normal",
    "weighted_sum",
]
