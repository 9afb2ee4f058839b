"""One layer of the decoder: masked self-attention, cross-attention, then feed-forward."""

from typing import Literal

import keras

from ..signature import Rate, slot
from .block import Block
from .compose import clone


@keras.saving.register_keras_serializable(package="keras_transformers")
class DecoderBlock(Block):
    """Masked self-attention, attention to the encoder's output, and a feed-forward network.

    Registered as `decoder_block/decoder_block`.

    Reference: Vaswani et al. 2017, section 3.1, https://arxiv.org/abs/1706.03762

    Args:
        attention: Self-attention over the targets so far.
        feed_forward: Position-wise network.
        cross_attention: Attention to the encoder's output; by default another like `attention`.
        norm_order: `post` normalizes after each residual sum, `pre` before each sublayer.
        dropout: Rate of dropout on each sublayer's output.
        norm: Normalization; by default layer normalization.
    """

    sublayers = ("attention", "cross_attention", "feed_forward")

    def __init__(
        self,
        attention: slot("attention"),
        feed_forward: slot("feed_forward"),
        cross_attention: slot("attention") | None = None,
        norm_order: Literal["pre", "post"] = "post",
        dropout: Rate = 0.0,
        norm: slot("norm") | None = None,
        **kwargs,
    ):
        layers = {
            "attention": attention,
            "cross_attention": clone(attention) if cross_attention is None else cross_attention,
            "feed_forward": feed_forward,
        }
        super().__init__(layers, norm_order, dropout, norm, **kwargs)

    def call(
        self,
        x,
        memory=None,
        mask=None,
        memory_mask=None,
        cache=None,
        index=None,
        training=None,
    ):
        """Map targets (B, T, D) to (B, T, D).

        Args:
            x: The targets.
            memory: The encoder's output (B, S, D); not needed with a cache.
            mask: Which targets a target may attend to, broadcastable to (B, H, T, T).
            memory_mask: Which sources it may attend to, broadcastable to (B, H, T, S).
            cache: From `start_cache`, for decoding step by step.
            index: Position of the first target in the cache.
            training: Whether dropout is applied.

        Returns:
            The outputs (B, T, D); with a cache, a pair of the outputs and the new cache.
        """
        cache = cache or {"self": None, "memory": None}

        h = self.attention_residual.enter(x)
        h = self.attention(h, mask=mask, cache=cache["self"], index=index, training=training)
        h, self_cache = h if cache["self"] is not None else (h, None)
        x = self.attention_residual(x, h, training=training)

        h = self.cross_attention_residual.enter(x)
        h = self.cross_attention(
            h,
            memory,
            mask=memory_mask,
            cache=cache["memory"],
            start=0 if index is None else index,
            training=training,
        )
        h, memory_cache = h if cache["memory"] is not None else (h, None)
        x = self.cross_attention_residual(x, h, training=training)

        h = self.feed_forward(self.feed_forward_residual.enter(x), training=training)
        x = self.feed_forward_residual(x, h, training=training)
        return x if self_cache is None else (x, {"self": self_cache, "memory": memory_cache})

    def start_cache(self, memory, length):
        """Return the cache to decode up to `length` targets against `memory` (B, S, D)."""
        batch = memory.shape[0] or keras.ops.shape(memory)[0]
        return {
            "self": self.attention.empty_cache(batch, length),
            "memory": self.cross_attention.source_cache(memory),
        }
