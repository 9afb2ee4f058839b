"""One layer of a recurrent network: an LSTM or a GRU over time, in one direction or in both.

B batch, N rows of a step, T length, D model width. A state is a list of (B, D): of an LSTM its output and its cell, of
a GRU its output.
"""

from typing import Any, Literal

import keras
from keras import ops

from ..annotations import Config, Shape, Tensor
from .compose import build_once, width_of
from .dropout import Dropout
from .masks import MaskedLayer, implicit_mask

CELLS = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}
Cell = Literal["lstm", "gru"]
States = list[Tensor]


@keras.saving.register_keras_serializable(package="keras_transformers")
class Recurrent(MaskedLayer):
    """Reads a sequence in order and keeps what it remembers in a state of constant size.

    Reference: Hochreiter and Schmidhuber 1997, https://doi.org/10.1162/neco.1997.9.8.1735; Cho et al. 2014,
    https://arxiv.org/abs/1406.1078

    Args:
        cell: `lstm` or `gru`, Keras's own.
        bidirectional: Whether half of the width reads from the end.
        dropout: Rate of dropout on the outputs.
        residual: Whether the inputs are added to the outputs.

    Raises:
        ValueError: It is bidirectional, and the width is odd.
    """

    def __init__(
        self,
        cell: Cell = "lstm",
        bidirectional: bool = False,
        dropout: float = 0.0,
        residual: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.cell = cell
        self.bidirectional = bidirectional
        self.dropout = dropout
        self.residual = residual
        self.drop = Dropout(dropout, dtype=self.dtype_policy)

    def build(self, x_shape: Shape) -> None:
        dim = width_of(x_shape)
        if self.bidirectional and dim % 2:
            raise ValueError(f"`bidirectional` halves the width, which must be even, but is {dim}.")
        units = dim // 2 if self.bidirectional else dim
        self.onward = self._reader(units, x_shape)
        self.backward_reader = self._reader(units, x_shape, go_backwards=True) if self.bidirectional else None

    def call(
        self,
        x: Tensor,
        mask: Tensor | None = None,
        initial: States | None = None,
        training: bool | None = None,
        return_state: bool = False,
    ) -> Any:
        """Map `x` (B, T, D) to (B, T, D).

        Args:
            x: The sequence.
            mask: Boolean (B, T): what is False is passed over, and changes no state.
            initial: The state to begin with; by default zeros. In one direction only.
            training: Whether dropout is applied.
            return_state: Whether the state after the last of `x` is returned, too.
        """
        if initial is not None and self.bidirectional:
            raise ValueError(
                "A layer that reads in both directions has no state to go on from: `bidirectional` must be false."
            )
        if x.shape[1] == 0:  # Keras's own stop at a sequence of nothing
            return (x, initial or self._nothing(x)) if return_state else x
        mask = implicit_mask(x) if mask is None else mask
        h, *state = self.onward(x, mask=mask, initial_state=initial, training=training)
        if self.backward_reader is not None:
            g, *other = self.backward_reader(x, mask=mask, training=training)
            h = ops.concatenate([h, ops.flip(g, axis=1)], axis=-1)
            state = [ops.concatenate(both, axis=-1) for both in zip(state, other, strict=True)]
        h = self.drop(h, training=training)
        h = x + h if self.residual else h
        return (h, state) if return_state else h

    def step(self, x: Tensor, state: States, real: Tensor | None = None) -> tuple[Tensor, States]:
        """Read the next T vectors of each row, without dropout; in one direction only.

        Args:
            x: The vectors (N, T, D).
            state: From the step before.
            real: Boolean (N, T), False at what is passed over.

        Returns:
            The outputs (N, T, D) and the new state.
        """
        if x.shape[1] != 1 or self.bidirectional:
            return self._steps(x, state, real)
        h, new = self.onward.cell(x[:, 0], state, training=False)
        if real is not None:
            new = [ops.where(real, one, old) for one, old in zip(new, state, strict=True)]
        h = ops.expand_dims(h, 1)
        return x + h if self.residual else h, list(new)

    def _steps(self, x: Tensor, state: States, real: Tensor | None) -> tuple[Tensor, States]:
        """Do what `step` does for several targets, or for as many as only the graph knows, which may be none."""
        if x.shape[1] is not None:
            h, state = self(x, mask=real, initial=state, training=False, return_state=True)
            return h, state
        real = ops.ones(ops.shape(x)[:2], "bool") if real is None else real
        rows = ops.shape(x)[0]
        longer = ops.concatenate([ops.zeros((rows, 1, x.shape[-1]), x.dtype), x], axis=1)  # Keras's own must read one
        passed = ops.concatenate([ops.zeros((rows, 1), "bool"), real], axis=1)
        h, state = self(longer, mask=passed, initial=state, training=False, return_state=True)
        return h[:, 1:], state

    def zeros(self, batch: int | Tensor) -> States:
        """Return the state of `batch` rows that have read nothing, in one direction."""
        return [ops.zeros((batch, self.onward.units), self.compute_dtype) for _ in range(self.tensors)]

    def compute_output_shape(self, x_shape: Shape, *_: Any) -> Shape:
        return tuple(x_shape)

    def compute_output_spec(self, x: Tensor, *_: Any, return_state: bool = False, **__: Any) -> Any:
        h = keras.KerasTensor(x.shape, dtype=self.compute_dtype)
        return (h, self.state_spec_of(x)) if return_state else h

    def state_spec_of(self, x: Tensor) -> list[Any]:
        """Return what the state is after `x` (B, T, D) is read, as symbolic tensors: each one of its own."""
        shape = (x.shape[0], x.shape[-1])
        return [keras.KerasTensor(shape, dtype=self.compute_dtype) for _ in range(self.tensors)]

    def _nothing(self, x: Tensor) -> States:
        return [ops.zeros((ops.shape(x)[0], x.shape[-1]), self.compute_dtype) for _ in range(self.tensors)]

    @property
    def tensors(self) -> int:
        """How many tensors a state has."""
        return 2 if self.cell == "lstm" else 1

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "cell": self.cell,
            "bidirectional": self.bidirectional,
            "dropout": self.dropout,
            "residual": self.residual,
        }

    def _reader(self, units: int, x_shape: Shape, go_backwards: bool = False) -> Any:
        layer = CELLS[self.cell](
            units,
            return_sequences=True,
            return_state=True,
            go_backwards=go_backwards,
            use_cudnn=False,  # of which a SavedModel would need a GPU, and which takes padding at the end alone
            dtype=self.dtype_policy,
            name="backward" if go_backwards else "onward",
        )
        build_once(layer, x_shape)
        return layer
