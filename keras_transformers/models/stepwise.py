"""Decoding with the cache of a decoder: what all models share that have one.

B batch, P length of a beginning, T tokens of a step, D model width, V vocabulary size.
"""

from typing import Any

from keras import ops

from ..annotations import State, Tensor
from ..layers.cache import hoisted
from .decodable import Decodable


class Stepwise(Decodable):
    """Abstract: a `Decodable` whose state is that of its `decoder`.

    Whoever inherits it has the layers `embed`, `decoder` and `output_layer`, and says in `begin` what its decoder
    attends to.
    """

    embed: Any
    decoder: Any

    @property
    def embed_target(self) -> Any:
        """The layer from the ids that are decoded to vectors: `embed`, unless the model has another for them."""
        return self.embed

    @property
    def output_layer(self) -> Any:
        """The layer from the decoder's outputs (B, T, D) to float32 logits (B, T, V)."""
        raise NotImplementedError(f"{type(self).__name__} must have a property `output_layer`.")

    def step(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        """Read the next targets `ids` (B, T), 0 where a row has ended; return logits (B, T, V) and the new state."""
        # Where a text begins with padding, padding is read as a token.
        states, state = self._read(ids, state, ops.not_equal(ids, 0) if self.start else None)
        return self.output_layer(states, matrix=state.get("output")), state

    def choose(self, state: State, parents: Tensor) -> State:
        """Return the state of the rows `parents`, integers (N,), each a row to go on from."""
        return self._kept(state, self.decoder.choose(state, parents))

    def choose_beams(self, state: State, parents: Tensor, before: int) -> State:
        """Return the state of beams that go on from the beams `parents` (B, K): of caches they share, none is moved."""
        if not getattr(self.decoder, "shares_beams", False):
            return super().choose_beams(state, parents, before)
        return self._kept(state, self.decoder.choose_beams(state, parents))

    def choose_sentences(self, state: State, sentences: Tensor, beams: int) -> State:
        """Return the state of the sentences `sentences`, integers (N,), each with all its beams."""
        shared = getattr(self.decoder, "shares_beams", False)
        return self.choose(state, sentences) if shared else super().choose_sentences(state, sentences, beams)

    def hoisted(self, state: State) -> State:
        """Return the state with the matrices of decoder and output as products take them fastest."""
        state = hoisted(self.decoder, state)
        matrix = self.output_layer.matrix()
        return state if matrix is None else {**state, "output": matrix}

    def _kept(self, state: State, chosen: State) -> State:
        return {**chosen, "output": state["output"]} if "output" in state else chosen

    def after(self, said: Tensor | None, state: State) -> State:
        """Return the state once all of a beginning but each row's last token is read.

        Args:
            said: Ids (B, P), 0 where padded: rows may have said more or less; None: nothing was said.
            state: From the decoder's `begin`.
        """
        if said is None or said.shape[1] == 1:
            return state
        real = ops.not_equal(said[:, :-1], 0)
        if self.start == 0:
            real = ops.concatenate([ops.ones_like(real[:, :1]), real[:, 1:]], axis=1)
        real = ops.logical_and(real, ops.not_equal(said[:, 1:], 0))
        return self._read(said[:, :-1], state, real)[1]

    def _read(self, ids: Tensor, state: State, real: Tensor | None) -> tuple[Tensor, State]:
        positions = self.decoder.positions(state, ops.shape(ids)[1], real)
        x = self.embed_target(ids, positions=positions, training=False)
        states, following = self.decoder.step(x, state, positions, real)
        return states, following
