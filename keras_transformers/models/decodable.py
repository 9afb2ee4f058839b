"""The contract of models that decode step by step."""

from keras import ops

from ..annotations import State, Tensor


class Decodable:
    """Abstract: a model that says its output token by token, so that any search can decode with it.

    It stands beside `keras.Model` among the bases, not beneath it: Keras makes the bases of a functional model
    functional, and no other model could then be of this class.

    A search calls `begin` once, `step` for each token, and `choose` where it goes on from some rows and drops others:

        state = model.begin(inputs, length)
        logits, state = model.step(ids, state)
        state = model.choose(state, parents)

    Whoever writes a model fills in these three. A search that follows several beams of each sentence calls
    `choose_beams` and `choose_sentences` instead of `choose`, so that a model may keep once what the beams of a
    sentence share. The rows are then the beams of the first sentence, those of the second, and so on.

    All that decoding must remember is in the state, a nested structure of tensors that goes into `tf.while_loop` as it
    is: caches, masks, and where the rows stand. Neither the model nor a layer holds any of it.

    B batch, K beams of a sentence, T tokens of a step, V vocabulary size.

    Attributes:
        continues: The name of the input that holds the beginning of the output.
        start: The id that each output begins with.
    """

    continues: str = "target"
    start: int = 2  # the beginning, as text/special.py has it

    def begin(self, inputs: dict[str, Tensor], length: int | Tensor) -> State:
        """Return the state before the first token.

        Args:
            inputs: The model's inputs by name, of B rows. Where they hold a beginning of the output, all of it but each
                row's last token is read: that one is for `step`.
            length: Most tokens that any row may come to, those of its beginning included.
        """
        raise NotImplementedError(f"{type(self).__name__} must have a method `begin(inputs, length)`.")

    def step(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        """Read the next tokens `ids` (B, T) and return float32 logits (B, T, V) of those that follow, and the state."""
        raise NotImplementedError(f"{type(self).__name__} must have a method `step(ids, state)`.")

    def choose(self, state: State, parents: Tensor) -> State:
        """Return the state of the rows `parents`, integers (N,), each a row to go on from; N may differ from B."""
        raise NotImplementedError(f"{type(self).__name__} must have a method `choose(state, parents)`.")

    def choose_beams(self, state: State, parents: Tensor, before: int) -> State:
        """Return the state of K beams a sentence, each of which goes on from one of the beams that it had.

        Args:
            state: Of B sentences with `before` beams each.
            parents: Integers (B, K), 0 … `before` - 1; K may differ from `before`.
            before: How many beams a sentence had; 1 before the first call.
        """
        first = before * ops.expand_dims(ops.arange(ops.shape(parents)[0], dtype="int32"), 1)
        return self.choose(state, ops.reshape(first + parents, (-1,)))

    def choose_sentences(self, state: State, sentences: Tensor, beams: int) -> State:
        """Return the state of the sentences `sentences`, integers (N,), each with all its beams.

        Args:
            state: Of B sentences with `beams` beams each.
            sentences: 0 … B - 1.
            beams: How many beams a sentence has.
        """
        rows = beams * ops.expand_dims(sentences, 1) + ops.arange(beams, dtype="int32")
        return self.choose(state, ops.reshape(rows, (-1,)))

    def hoisted(self, state: State) -> State:
        """Return the state with what each step would otherwise compute anew from the weights.

        A search asks for it once, before its first step. Such a state is not for other processes: it may be large.
        """
        return state
