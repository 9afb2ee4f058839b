"""Several models that say one output together."""

from collections.abc import Sequence
from typing import Any

from keras import ops

from ..annotations import State, Tensor
from ..errors import RecipeError
from .decodable import Decodable


class Ensemble(Decodable):
    """Models of one vocabulary that decode together: a token's logit is the mean of its log-probabilities.

    A search, which takes the softmax of logits, so follows the geometric mean of their probabilities.

    Args:
        members: Models that decode; all begin outputs with the same token.

    Raises:
        RecipeError: There are none, one does not decode, or they cannot say the same.
    """

    def __init__(self, members: Sequence[Any]) -> None:
        self.members = list(members)
        if not self.members:
            raise RecipeError("An ensemble needs at least one model, but has none.")
        for member in self.members:
            if not isinstance(member, Decodable):
                raise RecipeError(
                    f"An ensemble decodes, which a {type(member).__name__} does not: its models must say their output "
                    "token by token, such as `model/transformer`."
                )
        for name in ("start", "continues", "vocab_size"):
            values = list(dict.fromkeys(getattr(member, name, None) for member in self.members))
            if len(values) > 1:
                raise RecipeError(
                    f"The models of an ensemble must have one `{name}`, but have {values[0]!r} and {values[1]!r}."
                )
        self.start = self.members[0].start
        self.continues = self.members[0].continues
        self.output_shape = getattr(self.members[0], "output_shape", None)

    @property
    def variables(self) -> list[Any]:
        """The variables of all members, each once."""
        return list({id(one): one for member in self.members for one in member.variables}.values())

    @property
    def longest_input(self) -> int | None:
        """How many tokens all of them can read; None where they have no end."""
        known = [getattr(member, "longest_input", None) for member in self.members]
        return min((length for length in known if length is not None), default=None)

    def __call__(self, inputs: dict[str, Tensor], training: bool = False) -> Tensor:
        """Return float32 logits (B, T, V) of whole inputs."""
        return mean_log_probability([member(inputs, training=training) for member in self.members])

    def begin(self, inputs: dict[str, Tensor], length: int | Tensor) -> State:
        return self._state([member.begin(inputs, length) for member in self.members])

    def step(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        steps = [member.step(ids, one) for member, one in zip(self.members, state["members"], strict=True)]
        return mean_log_probability([logits for logits, _ in steps]), self._state([one for _, one in steps])

    def choose(self, state: State, parents: Tensor) -> State:
        return self._each("choose", state, parents)

    def choose_beams(self, state: State, parents: Tensor, before: int) -> State:
        return self._each("choose_beams", state, parents, before)

    def choose_sentences(self, state: State, sentences: Tensor, beams: int) -> State:
        return self._each("choose_sentences", state, sentences, beams)

    def hoisted(self, state: State) -> State:
        return self._each("hoisted", state)

    def _each(self, method: str, state: State, *given: Any) -> State:
        pairs = zip(self.members, state["members"], strict=True)
        return self._state([getattr(member, method)(one, *given) for member, one in pairs])

    @staticmethod
    def _state(states: list[State]) -> State:
        return {"members": states}


def mean_log_probability(logits: Sequence[Tensor]) -> Tensor:
    """Return the mean of the log-softmax of several logits (B, T, V), float32."""
    total = sum(ops.log_softmax(ops.cast(one, "float32"), axis=-1) for one in logits)
    return total / len(logits)
