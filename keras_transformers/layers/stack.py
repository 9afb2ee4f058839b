"""Stacks of blocks: the encoder and the decoder."""

import keras
from keras import ops

from ..signature import Count, slot
from .compose import build_once, clone, revive
from .masks import ExplicitMask, causal_mask
from .norms import LayerNorm
from .residual import NormOrder


class Stack(ExplicitMask):
    """Abstract: `layers` blocks like `block`, and a last normalization where they are pre-norm."""

    def __init__(self, block, layers, **kwargs):
        super().__init__(**kwargs)
        self.block = block
        self.layers = layers
        self.blocks = [block, *(clone(block) for _ in range(layers - 1))]
        pre = getattr(block, "norm_order", None) is NormOrder.PRE
        self.norm = clone(getattr(block, "norm", LayerNorm())) if pre else None

    def build(self, input_shape, *_):
        for block in self.blocks:
            build_once(block, input_shape)
        if self.norm is not None:
            build_once(self.norm, input_shape)

    def compute_output_spec(self, inputs, *args, **kwargs):
        return keras.KerasTensor(inputs.shape, dtype=self.compute_dtype)

    def get_config(self):
        return {
            **super().get_config(),
            "block": keras.saving.serialize_keras_object(self.block),
            "layers": self.layers,
        }

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "block": revive(config["block"])})


@keras.saving.register_keras_serializable(package="keras_transformers")
class Encoder(Stack):
    """A stack of encoder blocks.

    Registered as `encoder/encoder`.

    Reference: Vaswani et al. 2017, section 3.1, https://arxiv.org/abs/1706.03762

    Args:
        block: One encoder block; the others are made like it, with weights of their own.
        layers: Number of blocks.
    """

    def __init__(self, block: slot("encoder_block"), layers: Count, **kwargs):
        super().__init__(block, layers, **kwargs)

    def call(self, x, mask=None, training=None):
        """Map `x` (B, S, D) to (B, S, D); `mask` says which positions may be attended to."""
        for block in self.blocks:
            x = block(x, mask=mask, training=training)
        return x if self.norm is None else self.norm(x)


@keras.saving.register_keras_serializable(package="keras_transformers")
class Decoder(Stack):
    """A stack of decoder blocks that sees no future target.

    Registered as `decoder/decoder`.

    Reference: Vaswani et al. 2017, section 3.1, https://arxiv.org/abs/1706.03762

    Args:
        block: One decoder block; the others are made like it, with weights of their own.
        layers: Number of blocks.
    """

    def __init__(self, block: slot("decoder_block"), layers: Count, **kwargs):
        super().__init__(block, layers, **kwargs)

    def call(self, x, memory, memory_mask=None, training=None):
        """Map targets (B, T, D) to (B, T, D), attending to `memory` (B, S, D)."""
        positions = ops.arange(ops.shape(x)[1])
        mask = causal_mask(positions, positions)
        for block in self.blocks:
            x = block(x, memory, mask=mask, memory_mask=memory_mask, training=training)
        return x if self.norm is None else self.norm(x)

    def start_caches(self, memory, length):
        """Return the caches, one a block, to decode up to `length` targets against `memory`."""
        return [block.start_cache(memory, length) for block in self.blocks]

    def step(self, x, caches, index, memory_mask=None):
        """Decode targets (B, L, D) at positions index … index+L-1 from what the caches hold.

        Returns:
            The outputs (B, L, D) and the new caches.
        """
        length = ops.shape(caches[0]["self"]["key"])[0]
        mask = causal_mask(index + ops.arange(ops.shape(x)[1]), ops.arange(length))
        new = []
        for block, cache in zip(self.blocks, caches):
            x, cache = block(x, mask=mask, memory_mask=memory_mask, cache=cache, index=index, training=False)
            new.append(cache)
        return (x if self.norm is None else self.norm(x)), new
