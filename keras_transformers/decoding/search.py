"""The contract of search strategies: output length limits and forbidden tokens.

B batch, S source length, L greatest output length, V vocabulary size.
"""

import abc

import tensorflow as tf

from ..annotations import State, Tensor
from ..errors import RecipeError
from ..models.decodable import Decodable
from ..signature import Natural, Positive
from ..text.special import BOS, PAD


class Search(abc.ABC):
    """Abstract: finds what a model says, in the graph.

    Subclasses fill in `find`, which sees the model as any `Decodable`: it calls `step`, and `choose` where it goes on
    from some rows and drops others.

    Args:
        max_ratio: An output has at most `max_ratio` times its source's tokens …
        max_extra: … and this many more.
    """

    def __init__(self, max_ratio: Positive = 1.5, max_extra: Natural = 12) -> None:
        self.max_ratio = max_ratio
        self.max_extra = max_extra

    def limit(self, lengths: Tensor) -> Tensor:
        """Return the greatest number of output tokens for sources of these lengths, int32."""
        most = tf.math.ceil(self.max_ratio * tf.cast(lengths, tf.float32))
        return tf.cast(most, tf.int32) + self.max_extra

    def __call__(self, model: Decodable, source: Tensor) -> tuple[Tensor, Tensor]:
        """Decode.

        Args:
            model: A `Decodable` whose input is `source`, such as `Transformer`.
            source: Ids (B, S), int32, 0 where padded.

        Returns:
            Ids (B, L), int32, 0 after the end token or the sentence's own limit; and the total
            log-probability (B,), float32.

        Raises:
            RecipeError: The model does not say its output token by token.
        """
        if not isinstance(model, Decodable):
            raise RecipeError(
                "A search needs a model that says its output token by token, such as `model/transformer`, "
                f"not a {type(model).__name__}."
            )
        length = self.limit(tf.shape(source)[1])
        limits = self.limit(tf.math.count_nonzero(source, axis=1))
        state = model.begin({"source": source}, length)
        return self.find(model, state, tf.fill((tf.shape(source)[0],), model.start), limits, length)

    @abc.abstractmethod
    def find(
        self, model: Decodable, state: State, first: Tensor, limits: Tensor, length: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return ids (B, L), 0 after the end, and their total log-probability (B,).

        Args:
            model: A `Decodable`.
            state: From its `begin`.
            first: What the first step reads, ids (B,).
            limits: Most tokens that each row may say, (B,), int32, at most L.
            length: L, a scalar.
        """


def forbid(logits: Tensor) -> Tensor:
    """Return `logits` (B, V) with padding and the start token made impossible."""
    ids = tf.range(tf.shape(logits)[-1])
    return tf.where((ids == PAD) | (ids == BOS), tf.float32.min, logits)
