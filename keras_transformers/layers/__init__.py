"""The building blocks of Transformers, in `keras.ops`: TensorFlow, JAX and PyTorch."""

from .attention import (
    MultiHeadAttention,
    dot_product_scores,
    masked_softmax,
    weighted_sum,
)
from .block import Block
from .decoder_block import DecoderBlock
from .dropout import Dropout
from .embedding import ScaledEmbedding
from .encoder_block import EncoderBlock
from .feed_forward import FeedForward
from .linear import Linear
from .masks import as_attention_mask, causal_mask, padding_mask
from .norms import LayerNorm, RMSNorm
from .position import LearnedPosition, SinusoidalPosition, sinusoids
from .residual import NormOrder, Residual
from .stack import Decoder, Encoder

__all__ = [
    "Block",
    "Decoder",
    "DecoderBlock",
    "Dropout",
    "Encoder",
    "EncoderBlock",
    "FeedForward",
    "LayerNorm",
    "LearnedPosition",
    "Linear",
    "MultiHeadAttention",
    "NormOrder",
    "RMSNorm",
    "Residual",
    "ScaledEmbedding",
    "SinusoidalPosition",
    "as_attention_mask",
    "causal_mask",
    "dot_product_scores",
    "masked_softmax",
    "padding_mask",
    "sinusoids",
    "weighted_sum",
]
