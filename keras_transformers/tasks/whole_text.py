"""Base class of tasks on whole texts or text pairs."""

import abc
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..annotations import Tensor
from ..data.examples import Labelled
from ..errors import DataError
from ..models.backbone import features, require_segments, with_head
from ..models.heads.pooled import class_logits
from ..models.heads.tokens import require_positions
from ..signature import AtLeast, Has, Need, Present
from .task import Task

if TYPE_CHECKING:
    from ..data.batches.batching import Batches


class WholeText(Task):
    """A task whose examples are `Labelled`, and whose head reads the pooled vector.

    Args:
        pair: An example is a pair of texts; none: as in the training text.
        dropout: Rate on the pooled vector.
        metrics: Scores of answers against labels; the first chooses the best checkpoint.
        length: The most tokens of a text or pair; none: as many as the model has positions.
    """

    reads = Labelled
    kind = ""
    needs = (
        Need("model", Has("gives", "pooled")),
        Need("model", Has("reads", "segments")),
        Need("model.segments", AtLeast(2, when="pair")),
        Need("tokenizer", Has("gives", "cls")),
        Need("data.train", Has("holds", "pairs of texts", when="pair")),
        Need("data.train.second", Present(when="pair")),
        Need("model.segments", AtLeast(2, when="data.train.second", unless="pair=false")),
    )

    def __init__(self, pair: bool | None, dropout: float, metrics: list[Any], length: int | None = None) -> None:
        self.pair = pair
        self.dropout = dropout
        self.metrics = metrics
        self.length = length

    @property
    @abc.abstractmethod
    def width(self) -> int:
        """The number of outputs of the head."""

    @abc.abstractmethod
    def targets(self, examples: Labelled) -> np.ndarray:
        """Return the labels as an array (N,), which the loss takes by the name `label`."""

    @abc.abstractmethod
    def references(self, examples: Labelled) -> Sequence[Any]:
        """Return the labels as the metrics take them."""

    @abc.abstractmethod
    def answered(self) -> tuple[Callable[[Tensor], dict[str, Tensor]], dict[str, Any]]:
        """Return the function from the head's output to a dict of tensors, and their specs."""

    def settle(self, examples: Labelled) -> dict[str, Any]:
        return {"pair": examples.seconds is not None} if self.pair is None else {}

    def texts(self, examples: Labelled) -> Iterable[str]:
        return [text for column in examples.columns for text in column]

    def model(self, backbone: Any) -> Any:
        if self.pair:
            require_segments(backbone, f"task/{self.kind}")
        if self.length is not None:
            require_positions(backbone, self.length)
        pooled = features(backbone, "pooled", f"task/{self.kind}")
        return with_head(backbone, class_logits(pooled, self.width, self.dropout))

    def encode(
        self, examples: Labelled, tokenizer: Any, batch_tokens: int, max_length: int, seed: int, name: str
    ) -> "tuple[Batches, list[str]]":
        from ..data.batches.encode import encode_texts
        from ..data.batches.sequences import Sequences
        from ..text.wordpiece import require_wordpiece

        require_wordpiece(tokenizer, f"`task/{self.kind}`")
        self._check_pair(examples, name)
        labels = {"label": self.targets(examples)}
        inputs, notes = encode_texts(examples.columns, tokenizer, max_length, name, self.length)
        return Sequences(inputs, labels, batch_tokens, seed), [*examples.notes, *notes]

    def serving(self, model: Any, tokenizer: Any) -> Any:
        from ..predictors.text_reader import PairReader, TextReader

        answer, outputs = self.answered()
        return (PairReader if self.pair else TextReader)(model, tokenizer, answer, outputs, self.length)

    def score(self, serving: Any, examples: Labelled) -> tuple[dict[str, Any], Sequence[Any]]:
        import tensorflow as tf

        self._check_pair(examples, "the text to be scored")
        references = self.references(examples)
        found = serving(*(tf.constant(column, tf.string) for column in examples.columns))
        values = found[self.answer].numpy().tolist()
        answers = [value.decode("utf-8") if isinstance(value, bytes) else value for value in values]
        return self.measured(answers, references), answers

    def _check_pair(self, examples: Labelled, name: str) -> None:
        if bool(self.pair) != (examples.seconds is not None):
            kinds = ("single texts", "pairs of texts")
            raise DataError(f"{name} must give {kinds[bool(self.pair)]}, but gives {kinds[not self.pair]}.")
