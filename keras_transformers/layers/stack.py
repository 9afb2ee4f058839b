"""Stacks of blocks: the encoder and the decoder.

B batch, T target length, S source length, L entries of a cache, D model width. Where a search follows K beams of each
of B sentences, a step has N = B·K rows.
"""

from typing import Any, Self

import keras
from keras import ops

from ..annotations import Config, Layer, Shape, State, Tensor
from ..signature import Count, DecoderBlock, EncoderBlock, register
from . import cache as caches
from . import timeline as timelines
from .compose import build_once, clone, revive
from .decoder_block import check_memory
from .masks import MaskedLayer, as_attention_mask, as_causal_mask, implicit_mask
from .norms import LayerNorm
from .residual import NormOrder


class Stack(MaskedLayer):
    """Abstract: `layers` blocks like `block`, and a last normalization where they are pre-norm."""

    def __init__(self, block: Layer, layers: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.block = block
        self.blocks = [block, *(clone(block) for _ in range(layers - 1))]
        pre = getattr(block, "norm_order", None) == NormOrder.PRE  # of a plugin's block it may be a plain string
        self.norm = clone(getattr(block, "norm", None) or LayerNorm(dtype=self.dtype_policy)) if pre else None

    @property
    def layers(self) -> list[Layer]:
        """The blocks: Keras takes an attribute of this name for a list of layers; `layers=2` makes two."""
        return list(self.blocks)

    def build(self, input_shape: Shape, *_: Any) -> None:
        for block in self.blocks:
            build_once(block, input_shape)
        if self.norm is not None:
            build_once(self.norm, input_shape)

    def compute_output_shape(self, input_shape: Shape, *_: Any) -> Shape:
        return tuple(input_shape)

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "block": keras.saving.serialize_keras_object(self.block),
            "layers": len(self.blocks),
        }

    @classmethod
    def from_config(cls, config: Config) -> Self:
        return cls(**{**config, "block": revive(config["block"])})

    def _normalized(self, x: Tensor) -> Tensor:
        return ops.cast(x if self.norm is None else self.norm(x), self.compute_dtype)  # blocks may have another


@register("encoder", "encoder")
@keras.saving.register_keras_serializable(package="keras_transformers")
class Encoder(Stack):
    """A stack of encoder blocks.

    Reference: Vaswani et al. 2017, section 3.1, https://arxiv.org/abs/1706.03762

    Args:
        block: One encoder block; the others are made like it, with weights of their own.
        layers: Number of blocks.
    """

    def __init__(self, block: EncoderBlock, layers: Count, **kwargs: Any) -> None:
        super().__init__(block, layers, **kwargs)

    def call(
        self, x: Tensor, mask: Tensor | None = None, positions: Tensor | None = None, training: bool | None = None
    ) -> Tensor:
        """Map `x` (B, S, D) to (B, S, D).

        Args:
            x: The sequence.
            mask: Which positions may be attended to; by default the implicit mask of `x`.
            positions: Where they stand, (S,) or (B, S), as in packed rows; by default 0 … S-1.
            training: Whether dropout is applied.
        """
        mask = implicit_mask(x) if mask is None else mask
        given = {} if positions is None else {"positions": positions}
        for block in self.blocks:
            x = block(x, mask=mask, training=training, **given)
        return self._normalized(x)


@register("decoder", "decoder")
@keras.saving.register_keras_serializable(package="keras_transformers")
class Decoder(Stack):
    """A stack of decoder blocks that sees no future target.

    Blocks with cross-attention attend to an encoder's output, `memory`; without, they make a language model's decoder.

    Reference: Vaswani et al. 2017, section 3.1, https://arxiv.org/abs/1706.03762

    Args:
        block: One decoder block; the others are made like it, with weights of their own.
        layers: Number of blocks.

    Raises:
        ValueError: It is called without `memory`, though its blocks read it; or with, though they do not.
    """

    def __init__(self, block: DecoderBlock, layers: Count, **kwargs: Any) -> None:
        super().__init__(block, layers, **kwargs)

    @property
    def reads_memory(self) -> bool:
        """Whether its blocks attend to an encoder's output."""
        return getattr(self.block, "reads_memory", True)

    def build(self, x_shape: Shape, memory_shape: Shape | None = None) -> None:
        if memory_shape is not None and memory_shape[-1] != x_shape[-1]:
            for block in self.blocks:
                build_once(block, x_shape, memory_shape)
        super().build(x_shape)

    def compute_output_shape(self, x_shape: Shape, memory_shape: Shape | None = None) -> Shape:
        return tuple(x_shape)

    def call(
        self,
        x: Tensor,
        memory: Tensor | None = None,
        memory_mask: Tensor | None = None,
        mask: Tensor | None = None,
        positions: Tensor | None = None,
        training: bool | None = None,
    ) -> Tensor:
        """Map targets (B, T, D) to (B, T, D).

        Args:
            x: The targets.
            memory: The encoder's output (B, S, D), where there is cross-attention.
            memory_mask: Which sources may be attended to, broadcastable to (B, H, T, S); by default the implicit mask
                of `memory`.
            mask: Which targets are real (B, T), by default the implicit mask of `x`; or all that a target may attend
                to, (B, T, T) or (B, H, T, T), as in packed rows.
            positions: Where the targets stand, (T,) or (B, T), as in packed rows; by default 0 … T-1.
            training: Whether dropout is applied.
        """
        check_memory(memory, self.reads_memory)
        mask = as_causal_mask(implicit_mask(x) if mask is None else mask, ops.shape(x)[1])
        given = {} if positions is None else {"positions": positions}
        if memory is not None:
            given |= {"memory": memory, "memory_mask": implicit_mask(memory) if memory_mask is None else memory_mask}
        for block in self.blocks:
            x = block(x, mask=mask, training=training, **given)
        return self._normalized(x)

    def begin(
        self,
        batch: int | Tensor,
        length: int | Tensor,
        memory: Tensor | None = None,
        memory_mask: Tensor | None = None,
        ragged: bool = False,
    ) -> State:
        """Return the state of decoding before the first target: a nested structure of tensors.

        Args:
            batch: Number of rows B.
            length: Most targets of a row, L.
            memory: The encoder's output (B, S, D), where there is cross-attention.
            memory_mask: Which sources may be attended to, broadcastable to (B, H, T, S).
            ragged: Whether rows come to stand at positions of their own, as after prompts of different lengths.
        """
        check_memory(memory, self.reads_memory)
        state = {
            "timeline": timelines.begin_timeline(batch, length, ragged),
            "blocks": [block.begin(batch, length, memory) for block in self.blocks],
        }
        if memory_mask is not None:
            every_row = ops.ones((batch, 1, 1, 1), "bool")
            state["memory_mask"] = ops.logical_and(as_attention_mask(memory_mask), every_row)
        return state

    def positions(self, state: State, width: int, real: Tensor | None = None) -> Tensor:
        """Return where the next `width` targets of each row stand, (T,) or (B, T): see `timeline.next_positions`."""
        return timelines.next_positions(state["timeline"], width, real)

    def step(self, x: Tensor, state: State, positions: Tensor, real: Tensor | None = None) -> tuple[Tensor, State]:
        """Decode the next targets from what the state holds.

        Args:
            x: The targets (B, T, D).
            state: From `begin`, or from the step before.
            positions: From `positions`.
            real: Boolean (B, T), False at padding, where rows stand at positions of their own.

        Returns:
            The outputs (B, T, D) and the new state.
        """
        timeline = timelines.advance(state["timeline"], positions, real)
        where = {
            "index": state["timeline"]["index"],
            "positions": positions,
            **timelines.entries(timeline, ops.shape(x)[1], by_default=self.shares_beams),
            "memory_mask": state.get("memory_mask"),
        }
        blocks = []
        for block, cache in zip(self.blocks, state["blocks"]):
            x, cache = block.step(x, cache, **where)
            blocks.append(cache)
        return self._normalized(x), {**state, "timeline": timeline, "blocks": blocks}

    def hoisted(self, state: State) -> State:
        """Return the state with what each step would otherwise compute anew from the weights."""
        if "blocks" not in state:  # a subclass may keep another
            return state
        each = zip(self.blocks, state["blocks"], strict=True)
        return {**state, "blocks": [caches.hoisted(block, cache) for block, cache in each]}

    @property
    def shares_beams(self) -> bool:
        """Whether the beams of a sentence share its caches; else they are rows, and are chosen by gathering."""
        return all(getattr(block, "shares_beams", False) for block in self.blocks)

    def choose(self, state: State, parents: Tensor) -> State:
        """Return the state of the rows `parents`, integers (N,), each a row to go on from; N may differ from B.

        Where the state has beams that share caches these are sentences, each with all its beams.
        """
        chosen = {
            "timeline": timelines.gather_timeline(state["timeline"], parents),
            "blocks": caches.gather_rows(state["blocks"], parents),
        }
        if "memory_mask" in state:
            chosen["memory_mask"] = ops.take(state["memory_mask"], parents, axis=0)
        return chosen

    def choose_beams(self, state: State, parents: Tensor) -> State:
        """Return the state of K beams a sentence that go on from the beams `parents`, integers (B, K).

        Only for blocks whose caches beams share. The first time, each sentence has the one beam 0.
        """
        return {**state, "timeline": timelines.choose_ancestors(state["timeline"], parents)}
