"""One layer of the decoder: masked self-attention, cross-attention if there is any, then feed-forward."""

from typing import Any, Literal

import keras
from keras import ops

from ..annotations import Cache, Shape, Tensor
from ..signature import Attention, FeedForward, Norm, Rate, register
from .block import Block
from .cache import hoisted
from .compose import build_once, clone
from .masks import as_causal_mask, implicit_mask

LIKE_ATTENTION = "like_attention"


@register("decoder_block", "decoder_block")
@keras.saving.register_keras_serializable(package="keras_transformers")
class DecoderBlock(Block):
    """Masked self-attention, attention to an encoder's output, and a feed-forward network.

    Reference: Vaswani et al. 2017, section 3.1, https://arxiv.org/abs/1706.03762

    Args:
        attention: Self-attention over the targets so far.
        feed_forward: Position-wise network.
        cross_attention: Attention to an encoder's output: `like_attention` makes another like `attention`; null, none,
            as in a language model.
        norm_order: `post` normalizes after each residual sum, `pre` before each sublayer.
        dropout: Rate of dropout on each sublayer's output.
        norm: Normalization; by default layer normalization.

    Raises:
        ValueError: It is called without `memory`, though it has cross-attention; or with, though it has none.
    """

    sublayers = ("attention", "cross_attention", "feed_forward")

    def __init__(
        self,
        attention: Attention,
        feed_forward: FeedForward,
        cross_attention: Attention | Literal["like_attention"] | None = LIKE_ATTENTION,
        norm_order: Literal["pre", "post"] = "post",
        dropout: Rate = 0.0,
        norm: Norm | None = None,
        **kwargs: Any,
    ) -> None:
        if isinstance(cross_attention, str) and cross_attention != LIKE_ATTENTION:
            raise ValueError(
                f"`cross_attention` must be a layer, {LIKE_ATTENTION!r} or None, but is {cross_attention!r}."
            )
        if cross_attention == LIKE_ATTENTION:
            cross_attention = clone(attention)
        layers = {"attention": attention, "cross_attention": cross_attention, "feed_forward": feed_forward}
        super().__init__(layers, norm_order, dropout, norm, **kwargs)

    @property
    def reads_memory(self) -> bool:
        """Whether it attends to an encoder's output."""
        return self.cross_attention is not None

    def call(
        self,
        x: Tensor,
        memory: Tensor | None = None,
        mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
        positions: Tensor | None = None,
        training: bool | None = None,
    ) -> Tensor:
        """Map targets (B, T, D) to (B, T, D).

        Args:
            x: The targets.
            memory: The encoder's output (B, S, D), where there is cross-attention.
            mask: Which targets are real (B, T), by default the implicit mask of `x`; or all that a target may attend
                to, broadcastable to (B, H, T, T). Unless it says all, no target sees a later one.
            memory_mask: Which sources it may attend to, broadcastable to (B, H, T, S).
            positions: Where the targets stand, (T,) or (B, T); by default 0 … T-1.
            training: Whether dropout is applied.
        """
        check_memory(memory, self.reads_memory)
        mask = as_causal_mask(implicit_mask(x) if mask is None else mask, ops.shape(x)[1])
        given = {} if positions is None else {"positions": positions}

        h = self.attention(self.attention_residual.enter(x), mask=mask, training=training, **given)
        x = self.attention_residual(x, h, training=training)

        if self.reads_memory:
            h = self.cross_attention_residual.enter(x)
            h = self.cross_attention(h, memory, mask=memory_mask, training=training, **given)
            x = self.cross_attention_residual(x, h, training=training)

        h = self.feed_forward(self.feed_forward_residual.enter(x), training=training)
        return self.feed_forward_residual(x, h, training=training)

    @property
    def shares_beams(self) -> bool:
        """Whether the beams of a sentence can share its caches: both attentions must say so."""
        attentions = [self.attention, *([self.cross_attention] if self.reads_memory else [])]
        return all(getattr(attention, "shares_beams", False) for attention in attentions)

    def begin(self, batch: int | Tensor, length: int | Tensor, memory: Tensor | None = None) -> Cache:
        """Return the cache to decode up to `length` targets of `batch` rows, against `memory` (B, S, D) if any."""
        check_memory(memory, self.reads_memory)
        cache = {"self": self.attention.empty_cache(batch, length)}
        return {**cache, "memory": self.cross_attention.source_cache(memory)} if self.reads_memory else cache

    def hoisted(self, cache: Cache) -> Cache:
        """Return the cache with what each step would otherwise compute anew from the weights."""
        known = isinstance(cache, dict) and "self" in cache  # a subclass may keep another
        return {**cache, "self": hoisted(self.attention, cache["self"])} if known else cache

    def step(
        self,
        x: Tensor,
        cache: Cache,
        index: int | Tensor,
        positions: Tensor | None = None,
        key_positions: Tensor | None = None,
        mask: Tensor | None = None,
        memory_mask: Tensor | None = None,
    ) -> tuple[Tensor, Cache]:
        """Decode the next targets (B, T, D) from what the cache holds.

        Args:
            x: The next targets.
            cache: From `begin`, or from the step before.
            index: The entry of the cache that the first of them takes.
            positions: Theirs, (T,) or (B, T); by default index … index+T-1.
            key_positions: Those of the cache's entries, (L,) or (B, L); by default 0 … L-1.
            mask: Which entries they may attend to, broadcastable to (B, H, T, L); by default those up to their own.
            memory_mask: Which sources they may attend to, broadcastable to (B, H, T, S).

        Returns:
            The outputs (B, T, D) and the new cache.
        """
        if positions is None:
            positions = index + ops.arange(ops.shape(x)[1])
        h = self.attention_residual.enter(x)
        h, targets = self.attention.step(h, cache["self"], index, positions, key_positions, mask)
        x = self.attention_residual(x, h, training=False)

        if self.reads_memory:
            h = self.cross_attention_residual.enter(x)
            h = self.cross_attention.read(h, cache["memory"], positions, mask=memory_mask)
            x = self.cross_attention_residual(x, h, training=False)

        h = self.feed_forward(self.feed_forward_residual.enter(x), training=False)
        return self.feed_forward_residual(x, h, training=False), {**cache, "self": targets}

    def build(self, x_shape: Shape, memory_shape: Shape | None = None) -> None:
        if memory_shape is not None and self.reads_memory:
            build_once(self.cross_attention, x_shape, memory_shape)
        super().build(x_shape)

    def compute_output_shape(self, x_shape: Shape, memory_shape: Shape | None = None) -> Shape:
        return tuple(x_shape)


def check_memory(memory: Tensor | None, reads_memory: bool) -> None:
    """Raise unless `memory` is given just where it is attended to.

    Raises:
        ValueError: It is missing, or would be left unread.
    """
    if reads_memory and memory is None:
        raise ValueError(
            "`memory` is missing: cross-attention attends to an encoder's output (batch, source, dim). "
            "A decoder block with `cross_attention=None` needs none."
        )
    if memory is not None and not reads_memory:
        raise ValueError("`memory` is given, but `cross_attention` is None: nothing attends to it.")
