"""The contract of models that decode step by step."""

from ..annotations import State, Tensor


class Decodable:
    """Abstract: a model that says its output token by token, so that any search can decode with it.

    It stands beside `keras.Model` among the bases, not beneath it: Keras makes the bases of a functional model
    functional, and no other model could then be of this class.

    A search calls `begin` once, `step` for each token, and `choose` where it goes on from some rows and drops others:

        state = model.begin(inputs, length)
        logits, state = model.step(ids, state)
        state = model.choose(state, parents)

    All that decoding must remember is in the state, a nested structure of tensors that goes into `tf.while_loop` as it
    is: caches, masks, and where the rows stand. Neither the model nor a layer holds any of it.

    B batch, T tokens of a step, V vocabulary size.

    Attributes:
        continues: The name of the input that holds the beginning of the output.
        start: The id that each output begins with.
    """

    continues: str
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
