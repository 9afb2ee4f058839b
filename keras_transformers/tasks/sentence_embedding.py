"""Sentence embedding: a vector for a text, near those of texts that mean the same."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from ..data.examples import Labelled
from ..errors import DataError
from ..metrics.correlation import Pearson, Spearman
from ..signature import AtLeast, Has, Need, Present, register
from .regression import number_of
from .task import Length, Minimized, Scored, Task

if TYPE_CHECKING:
    from ..data.batches.batching import Batches


@register("task", "sentence_embedding")
class SentenceEmbedding(Task):
    """A vector for a text, learnt from pairs of texts with a number for how alike they are.

    Serves `text` to `vector`. In training the cosine of two texts' vectors is drawn to their number, of which
    the lowest becomes 0 and the highest 1; metrics compare the cosines with the numbers.

    Reference: Reimers and Gurevych 2019, https://arxiv.org/abs/1908.10084

    Args:
        pooling: `mean` of all tokens' vectors, or the vector of [CLS].
        normalize: Whether vectors get length 1, so that their products are their cosines.
        lowest: The number of texts that have nothing in common; none: the least of the training text.
        highest: The number of texts that mean the same; none: the greatest of the training text.
        metrics: Scores of cosines against numbers; the first chooses the best checkpoint. By
            default Spearman's and Pearson's correlations.
        length: The most tokens of a text, special ones and `prompt` included; what is longer is cut. None: as many as
            the model has positions.
        prompt: What is put before each text, such as `query: `.
        loss: What is minimized; none: the squared error of cosines.
    """

    facts = {"learns": "cosines"}
    reads = Labelled
    noun = "pairs"
    answer = "vector"
    gives = "numbers"
    needs = (
        Need("model", Has("gives", "sequence")),
        Need("model", Has("reads", "segments")),
        Need("tokenizer", Has("gives", "cls")),
        Need("data.train", Has("holds", "pairs of texts")),
        Need("data.train.second", Present()),
        Need("model.encoder.layers", AtLeast("training.freeze", plus=1)),  # it has no head that would learn
    )

    def __init__(
        self,
        pooling: Literal["mean", "cls"] = "mean",
        normalize: bool = True,
        lowest: float | None = None,
        highest: float | None = None,
        metrics: list[Scored] | None = None,
        length: Length | None = None,
        prompt: str = "",
        loss: Minimized | None = None,
    ) -> None:
        self.pooling = pooling
        self.normalize = normalize
        self.lowest = lowest
        self.highest = highest
        self.metrics = metrics or [Spearman(), Pearson()]
        self.length = length
        self.prompt = prompt
        self.own_loss = loss

    def settle(self, examples: Labelled) -> dict[str, Any]:
        lowest, highest = self._range(self._numbers(examples))
        if lowest >= highest:
            raise DataError(
                f"`task.highest` must be above `task.lowest` ({lowest:g}), but is {highest:g}: the numbers of the "
                "training text tell nothing apart."
            )
        return {"lowest": lowest, "highest": highest}

    def texts(self, examples: Labelled) -> Iterable[str]:
        return [*examples.texts, *(examples.seconds or [])]

    def model(self, backbone: Any) -> Any:
        from ..models.heads.sentence import with_sentence_pairs
        from ..models.heads.tokens import require_positions

        if self.length is not None:
            require_positions(backbone, self.length)
        return with_sentence_pairs(backbone, self.pooling, self.normalize)

    def loss(self) -> Any:
        from ..losses.cosine import CosineError

        return self.own_loss or CosineError()

    def encode(
        self, examples: Labelled, tokenizer: Any, batch_tokens: int, max_length: int, seed: int, name: str
    ) -> "tuple[Batches, list[str]]":
        from ..data.batches.encode import encode_texts
        from ..data.batches.sequence_pairs import TextPairs
        from ..text.wordpiece import require_wordpiece

        require_wordpiece(tokenizer, "`task/sentence_embedding`")
        numbers = self._numbers(examples)
        lowest, highest = self._range(numbers)
        cosines = (numbers - lowest) / (highest - lowest)
        sides, notes = [], [*examples.notes]
        for column, side in zip(examples.columns, ("first", "second")):
            column = [self.prompt + text for text in column] if self.prompt else column
            inputs, more = encode_texts([column], tokenizer, max_length, f"{name}, {side} texts", self.length)
            sides.append(inputs["tokens"])
            notes += more
        first, second = sides
        return TextPairs(first, second, {"cosine": cosines.astype("float32")}, batch_tokens, seed), notes

    def serving(self, model: Any, tokenizer: Any) -> Any:
        """Return the module that is exported: `text` to `vector`, float32 (N, D)."""
        import tensorflow as tf

        from ..models.heads.sentence import single_text
        from ..predictors.text_reader import TextReader

        model = single_text(model)
        specs = {"vector": tf.TensorSpec(model.output.shape, tf.float32)}
        return TextReader(model, tokenizer, lambda vectors: {"vector": vectors}, specs, self.length, self.prompt)

    def score(self, serving: Any, examples: Labelled) -> tuple[dict[str, Any], Sequence[Any]]:
        """Return the metrics of the cosines of the pairs' vectors, and the cosines."""
        import tensorflow as tf

        numbers = self.references(examples)
        first, second = (serving(tf.constant(column, tf.string))["vector"].numpy() for column in examples.columns)
        cosines = cosine(first, second).tolist()
        return self.measured(cosines, numbers), cosines

    def references(self, examples: Labelled) -> Sequence[Any]:
        """Return the numbers of pairs, a list of float."""
        return list(self._numbers(examples).tolist())

    def _range(self, numbers: np.ndarray) -> tuple[float, float]:
        """Return the lowest and the highest number: those that are settled, or else those of `numbers`."""
        lowest = float(numbers.min()) if self.lowest is None else self.lowest
        highest = float(numbers.max()) if self.highest is None else self.highest
        return lowest, highest

    def _numbers(self, examples: Labelled) -> np.ndarray:
        """Return the numbers of pairs, float64 (N,).

        Raises:
            DataError: The examples are single texts, or a label is no number.
        """
        if examples.seconds is None:
            raise DataError(
                "`task/sentence_embedding` learns from pairs of texts: name the column of the second in the source."
            )
        return np.array([number_of(*labelled) for labelled in zip(examples.labels, examples.places)])


def cosine(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the cosine of each row of two arrays (N, D): float (N,)."""
    lengths = np.linalg.norm(first, axis=-1) * np.linalg.norm(second, axis=-1)
    cosines: np.ndarray = np.sum(first * second, axis=-1) / np.maximum(lengths, 1e-12)
    return cosines
