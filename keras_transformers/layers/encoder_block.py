"""One layer of the encoder: self-attention, then feed-forward."""

from typing import Any, Literal

import keras

from ..annotations import Tensor
from ..signature import Attention, FeedForward, Norm, Rate, register
from .block import Block
from .masks import implicit_mask


@register("encoder_block", "encoder_block")
@keras.saving.register_keras_serializable(package="keras_transformers")
class EncoderBlock(Block):
    """Self-attention and a feed-forward network, each in a residual connection.

    Reference: Vaswani et al. 2017, section 3.1, https://arxiv.org/abs/1706.03762

    Args:
        attention: Self-attention.
        feed_forward: Position-wise network.
        norm_order: `post` normalizes after each residual sum, `pre` before each sublayer.
        dropout: Rate of dropout on each sublayer's output.
        norm: Normalization; by default layer normalization.
    """

    sublayers = ("attention", "feed_forward")

    def __init__(
        self,
        attention: Attention,
        feed_forward: FeedForward,
        norm_order: Literal["pre", "post"] = "post",
        dropout: Rate = 0.0,
        norm: Norm | None = None,
        **kwargs: Any,
    ) -> None:
        layers = {"attention": attention, "feed_forward": feed_forward}
        super().__init__(layers, norm_order, dropout, norm, **kwargs)

    def call(
        self, x: Tensor, mask: Tensor | None = None, positions: Tensor | None = None, training: bool | None = None
    ) -> Tensor:
        """Map `x` (B, S, D) to (B, S, D).

        Args:
            x: The sequence.
            mask: Which positions may be attended to; by default the implicit mask of `x`.
            positions: Where they stand, (S,) or (B, S); by default 0 … S-1.
            training: Whether dropout is applied.
        """
        mask = implicit_mask(x) if mask is None else mask
        given = {} if positions is None else {"positions": positions}
        h = self.attention_residual.enter(x)
        h = self.attention(h, mask=mask, training=training, **given)
        x = self.attention_residual(x, h, training=training)

        h = self.feed_forward(self.feed_forward_residual.enter(x), training=training)
        return self.feed_forward_residual(x, h, training=training)
