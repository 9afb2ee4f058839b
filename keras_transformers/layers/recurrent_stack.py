"""Recurrent encoders and decoders: layers of LSTMs or GRUs.

B batch, T target length, S source length, D model width. Where a search follows K beams of each of B sentences, a step
has N = B·K rows.
"""

from typing import Any, Self

import keras
from keras import ops

from ..annotations import Config, Shape, State, Tensor
from ..signature import Alignment, Count, MultipleOf, Need, Rate, register
from . import cache as caches
from . import timeline as timelines
from .alignment import Attentional
from .compose import build_once, revive
from .masks import MaskedLayer, implicit_mask
from .recurrent import Cell, Recurrent, States

Memory = Any
"""An encoder's outputs (B, S, D), or these and the states that its layers ended in: (outputs, [state, …])."""


class RecurrentStack(MaskedLayer):
    """Abstract: `layers` recurrent layers, one above the other."""

    def __init__(
        self, cell: Cell, layers: int, dropout: float, residual: bool, bidirectional: bool, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.cell = cell
        self.dropout = dropout
        self.residual = residual
        self.bidirectional = bidirectional
        self.blocks = [
            Recurrent(cell, bidirectional, dropout, residual and index > 0, dtype=self.dtype_policy)
            for index in range(layers)
        ]

    @property
    def recurrent(self) -> list[Any]:
        """The recurrent layers."""
        return [block for block in self.blocks if isinstance(block, Recurrent)]

    @property
    def layers(self) -> list[Any]:
        """The layers: Keras takes an attribute of this name for a list of layers; `layers=2` makes two."""
        return self.recurrent

    def build(self, x_shape: Shape, *_: Any) -> None:
        for layer in self.recurrent:
            build_once(layer, x_shape)

    def compute_output_shape(self, x_shape: Shape, *_: Any) -> Shape:
        return tuple(x_shape)

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "cell": self.cell,
            "layers": len(self.recurrent),
            "dropout": self.dropout,
            "residual": self.residual,
        }


@register("encoder", "rnn")
@keras.saving.register_keras_serializable(package="keras_transformers")
class RecurrentEncoder(RecurrentStack):
    """Recurrent layers that read a sequence in order, or in both directions.

    Reference: Sutskever et al. 2014, https://arxiv.org/abs/1409.3215; Bahdanau et al. 2015, https://arxiv.org/abs/1409.0473

    Args:
        cell: `lstm` or `gru`, Keras's own.
        layers: Number of layers.
        bidirectional: Whether half of the width of each layer reads from the end.
        dropout: Rate of dropout on each layer's outputs.
        residual: Whether the inputs of each layer but the first are added to its outputs.
    """

    returns_state = True
    needs = (Need("model.dim", MultipleOf(2, when="bidirectional")),)

    def __init__(
        self,
        cell: Cell = "lstm",
        layers: Count = 1,
        bidirectional: bool = True,
        dropout: Rate = 0.0,
        residual: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(cell, layers, dropout, residual, bidirectional, **kwargs)

    def call(
        self, x: Tensor, mask: Tensor | None = None, training: bool | None = None, return_state: bool = False
    ) -> Any:
        """Map `x` (B, S, D) to (B, S, D).

        Args:
            x: The sequence.
            mask: What is real, (B, S) or (B, 1, 1, S); by default the implicit mask of `x`. The rest is passed over.
            training: Whether dropout is applied.
            return_state: Whether the states that the layers end in are returned, too.

        Raises:
            ValueError: The mask is not of padding alone.
        """
        mask = as_real(implicit_mask(x) if mask is None else mask)
        states = []
        for layer in self.recurrent:
            x, state = layer(x, mask=mask, training=training, return_state=True)
            states.append(state)
        return (x, states) if return_state else x

    def compute_output_spec(self, x: Tensor, *_: Any, return_state: bool = False, **__: Any) -> Any:
        h = keras.KerasTensor(x.shape, dtype=self.compute_dtype)
        return (h, [layer.state_spec_of(x) for layer in self.recurrent]) if return_state else h

    def get_config(self) -> Config:
        return {**super().get_config(), "bidirectional": self.bidirectional}


@register("decoder", "rnn")
@keras.saving.register_keras_serializable(package="keras_transformers")
class RecurrentDecoder(RecurrentStack):
    """Recurrent layers that predict the target token by token, with attention to the source above them, if any.

    All that it knows of the targets so far is a state of constant size. It begins with the state of the encoder, layer
    by layer, if it is given that; without `attention` it hears of the source in no other way.

    Reference: Sutskever et al. 2014, https://arxiv.org/abs/1409.3215; Luong et al. 2015, https://arxiv.org/abs/1508.04025

    Args:
        attention: How the outputs of the source are weighed; null: the state alone tells of it.
        cell: `lstm` or `gru`, Keras's own.
        layers: Number of layers.
        dropout: Rate of dropout on each layer's outputs.
        residual: Whether the inputs of each layer but the first are added to its outputs.

    Raises:
        ValueError: There is no attention, and it is called without the encoder's state; or the encoder's layers are
            not as many, or of another kind.
    """

    reads_memory = True
    takes_state = True
    shares_beams = True  # what is kept of the source, whatever the attention

    def __init__(
        self,
        attention: Alignment | None,
        cell: Cell = "lstm",
        layers: Count = 1,
        dropout: Rate = 0.0,
        residual: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(cell, layers, dropout, residual, False, **kwargs)
        self.attention: Any = attention
        self.attentional: Any = None if attention is None else Attentional(attention, dtype=self.dtype_policy)
        if self.attentional is not None:
            self.blocks = [*self.blocks, self.attentional]  # what is numbered from below

    def build(self, x_shape: Shape, memory_shape: Any = None) -> None:
        super().build(x_shape)
        source, states = _split(x_shape if memory_shape is None else memory_shape)
        self._check_states(states)
        if self.attentional is not None:
            build_once(self.attentional, x_shape, source)

    def call(
        self,
        x: Tensor,
        memory: Memory,
        memory_mask: Tensor | None = None,
        mask: Tensor | None = None,
        training: bool | None = None,
    ) -> Tensor:
        """Map targets (B, T, D) to (B, T, D), each of which knows those before it.

        Args:
            x: The targets.
            memory: The encoder's outputs (B, S, D), or these and its states.
            memory_mask: Which of the source may be attended to, (B, S) or (B, 1, 1, S); by default the implicit mask.
            mask: Which targets are real, (B, T); by default the implicit mask of `x`. The rest is passed over.
            training: Whether dropout is applied.
        """
        source, states = self._parts(memory)
        mask = as_real(implicit_mask(x) if mask is None else mask)
        for layer, state in zip(self.recurrent, states, strict=True):
            x = layer(x, mask=mask, initial=state, training=training)
        return x if self.attentional is None else self.attentional(x, source, mask=memory_mask)

    def begin(
        self,
        batch: int | Tensor,
        length: int | Tensor,
        memory: Memory,
        memory_mask: Tensor | None = None,
        ragged: bool = False,
    ) -> State:
        """Return the state of decoding before the first target: a nested structure of tensors.

        Args:
            batch: Number of rows B.
            length: Most targets of a row.
            memory: The encoder's outputs (B, S, D), or these and its states.
            memory_mask: Which of the source may be attended to, (B, S) or (B, 1, 1, S).
            ragged: Whether rows come to stand at positions of their own, as after prompts of different lengths.
        """
        source, states = self._parts(memory)
        found = {
            "timeline": timelines.begin_timeline(batch, length, ragged),
            "cells": [
                layer.zeros(batch) if state is None else list(state)
                for layer, state in zip(self.recurrent, states, strict=True)
            ],
        }
        if self.attentional is None:
            return found
        mask = as_real(implicit_mask(source) if memory_mask is None else memory_mask)
        mask = ops.ones(ops.shape(source)[:2], "bool") if mask is None else mask
        return {**found, "source": {"outputs": source, "keys": self.attention.keys(source), "mask": mask}}

    def positions(self, state: State, width: int, real: Tensor | None = None) -> Tensor:
        """Return where the next `width` targets of each row stand, (T,) or (B, T): see `timeline.next_positions`."""
        return timelines.next_positions(state["timeline"], width, real)

    def step(self, x: Tensor, state: State, positions: Tensor, real: Tensor | None = None) -> tuple[Tensor, State]:
        """Decode the next targets from what the state holds.

        Args:
            x: The targets (N, T, D).
            state: From `begin`, or from the step before.
            positions: From `positions`.
            real: Boolean (N, T), False at padding, where rows stand at positions of their own.

        Returns:
            The outputs (N, T, D) and the new state.
        """
        timeline = timelines.advance(state["timeline"], positions, real)
        real = real if timelines.is_ragged(timeline) else None
        cells = []
        for layer, cell in zip(self.recurrent, state["cells"], strict=True):
            x, cell = layer.step(x, cell, real)
            cells.append(cell)
        if self.attentional is not None:
            x = self._read(x, **state["source"])
        return x, {**state, "timeline": timeline, "cells": cells}

    def choose(self, state: State, parents: Tensor) -> State:
        """Return the state of the rows `parents`, integers (N,); where there are beams, of sentences with theirs."""
        beams = self._beams(state)
        rows = ops.reshape(beams * ops.expand_dims(parents, 1) + ops.arange(beams, dtype="int32"), (-1,))
        chosen = {
            "timeline": timelines.gather_timeline(state["timeline"], parents),
            "cells": _taken(state["cells"], rows),
        }
        if "source" in state:
            chosen["source"] = {name: ops.take(x, parents, axis=0) for name, x in state["source"].items()}
        return chosen

    def choose_beams(self, state: State, parents: Tensor) -> State:
        """Return the state of K beams a sentence that go on from the beams `parents`, integers (B, K).

        The first time, each sentence has the one beam 0.
        """
        first = self._beams(state) * ops.expand_dims(ops.arange(ops.shape(parents)[0], dtype="int32"), 1)
        cells = _taken(state["cells"], ops.reshape(first + parents, (-1,)))
        return {**state, "timeline": timelines.choose_ancestors(state["timeline"], parents), "cells": cells}

    @staticmethod
    def _beams(state: State) -> int | Tensor:
        """Return K: of the table of who wrote what, which nothing is read of here, but positions count beams by."""
        timeline = state["timeline"]
        return ops.shape(timeline["ancestors"])[1] if timelines.has_beams(timeline) else 1

    def get_config(self) -> Config:
        attention = None if self.attention is None else keras.saving.serialize_keras_object(self.attention)
        return {**super().get_config(), "attention": attention}

    @classmethod
    def from_config(cls, config: Config) -> Self:
        return cls(**{**config, "attention": revive(config["attention"])})

    def _parts(self, memory: Memory) -> tuple[Tensor, list[States | None]]:
        """Return the encoder's outputs, and the state that each layer begins with, None: zeros.

        Raises:
            ValueError: They are missing, though there is no attention, or are of other layers.
        """
        source, states = _split(memory)
        self._check_states(states)
        return source, [None] * len(self.recurrent) if states is None else list(states)

    def _check_states(self, states: Any) -> None:
        """Raise ValueError unless there is a state for each layer, of as many tensors, or attention instead."""
        if states is None:
            if self.attentional is None:
                raise ValueError(
                    "A recurrent decoder without `attention` hears of the source by the state that its encoder ends in "
                    "alone, and is given none: set `attention`, or use `model/rnn` with `encoder/rnn`."
                )
            return
        mine, theirs = [layer.tensors for layer in self.recurrent], [len(state) for state in states]
        if mine != theirs:
            end = f" and the encoder {len(theirs)}" if len(mine) != len(theirs) else " layers, and their cells differ"
            raise ValueError(
                "The decoder goes on from the encoder's states, layer by layer: both must have as many layers of one "
                f"`cell`, but the decoder has {len(mine)}{end}."
            )

    def _read(self, x: Tensor, outputs: Tensor, keys: Tensor, mask: Tensor) -> Tensor:
        """Return what the rows `x` (N, T, D) find in sources (B, S, D): beams of a sentence are asked as one."""
        rows, width = ops.shape(x)[:2]
        batch = ops.shape(outputs)[0]
        asked = ops.reshape(x, (batch, width * caches.of_each(rows, batch), x.shape[-1]))
        found = self.attentional(asked, outputs, mask=mask, keys=keys)
        return ops.reshape(found, (rows, width, x.shape[-1]))


def _split(memory: Any) -> tuple[Any, Any]:
    """Return the encoder's outputs and its states, None where there are none; or the shapes of both."""
    outputs, *rest = memory if isinstance(memory, list | tuple) else (memory,)
    if isinstance(outputs, int) or outputs is None:  # the shape of outputs alone
        return memory, None
    return (outputs, rest[0]) if rest else (outputs, None)


def _taken(cells: list[States], rows: Tensor) -> list[States]:
    """Return the states of `rows`, integers (N,)."""
    return [[ops.take(x, rows, axis=0) for x in state] for state in cells]


def as_real(mask: Tensor | None) -> Tensor | None:
    """Return a padding mask, (B, S) or (B, 1, 1, S), as (B, S).

    Raises:
        ValueError: It is a mask of pairs: who reads in order can leave out, but not choose for each.
    """
    if mask is None or len(mask.shape) == 2:
        return mask
    if len(mask.shape) == 4 and mask.shape[1] == mask.shape[2] == 1:
        return mask[:, 0, 0]
    raise ValueError(
        "A recurrent layer reads in order: its `mask` says what is real, (batch, length), but has the shape "
        f"{tuple(mask.shape)}."
    )
