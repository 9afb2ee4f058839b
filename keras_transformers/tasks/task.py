"""The contract of tasks: from examples of text to a trained model that answers text.

The module of a task imports TensorFlow only inside its methods, so that `kt.build` can put the
task's head on a model on any of Keras's backends.
"""

import abc
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from ..data.examples import Pairs
from ..errors import RecipeError
from ..metrics.metric import Metric
from ..signature import AtMost, Bounds, Exactly, Fits, Rate
from ..signature import Loss as LossSlot
from ..signature import Metric as MetricSlot

if TYPE_CHECKING:
    from ..data.batches.batching import Batches

Length = Annotated[int, Bounds(minimum=3), AtMost("model.position.max_length")]
"""The type of a limit to a text's tokens: [CLS], a piece and [SEP] at least."""
Scored = Annotated[MetricSlot, Fits("scores", to="gives")]
"""The type of a task's metrics: they score what it gives."""


Minimized = Annotated[LossSlot, Fits("learns", to="learns")]
"""The type of a task's loss: it is of the labels that the task's batches hold, the fact `learns` of both."""
Smoothing = Annotated[Rate, Exactly(0, when="loss")]
"""The type of a task's label smoothing: a loss that is named has its own."""


class Task(metaclass=abc.ABCMeta):
    """What a model learns to do: its head, its loss, its batches, its answers and their scores.

    Attributes:
        reads: The class of examples that a source must give.
        noun: What one example is called where they are counted, in the plural.
        answer: The output of the serving module that `predict` prints for people.
        gives: What the metrics are given, as a metric's `scores` names it: `texts`, `labels`, `numbers`, `tags`
            or `answers`.
        metrics: Components of the slot `metric`, which a task with such a parameter sets.
        own_loss: A component of the slot `loss`, which a task with such a parameter sets; None: its own.
        scores_model: Whether `score` asks more of the serving module than its call: then no SavedModel can be scored.
    """

    reads: type = Pairs
    noun = "examples"
    answer = "text"
    gives = "texts"
    metrics: Sequence[Any] = ()
    own_loss = None
    scores_model = False

    @property
    def monitor(self) -> str:
        """The name in an epoch's logs that tells which epoch is best.

        Higher is better, unless it ends with `loss`. By default the first metric, or the loss.
        """
        return f"val_{self.metrics[0].name}" if self.metrics else "val_loss"

    def check_metrics(self) -> None:
        """Make sure that all metrics can score what this task gives, before time is spent on answers.

        Raises:
            RecipeError: One scores something else or has no name, or two give a score of the same name.
        """
        names = [getattr(metric, "name", None) for metric in self.metrics]
        for metric in self.metrics:
            if not isinstance(getattr(metric, "name", None), str):
                raise RecipeError(
                    f"The metric {type(metric).__name__} must have a `name`, that of the score which stands for it."
                )
            if names.count(metric.name) > 1:
                raise RecipeError(
                    f"Two metrics in `task` give the score `{metric.name}`, of which one would be lost: leave one out."
                )
            scores = getattr(metric, "scores", self.gives)
            if scores != self.gives:
                raise RecipeError(
                    f"The metric `{metric.name}` scores {scores}, but this task gives {self.gives}: choose another in "
                    "`task`; `keras-transformers list metric` shows them all."
                )
            if not isinstance(metric, Metric) and hasattr(metric, "check"):
                metric.check()  # one of the first version, when metrics inherited from nothing

    def check_references(self, examples: Any, where: str) -> list[str]:
        """Make sure that all metrics can be computed on text that will be scored, before time is spent on training.

        Args:
            examples: Of the class `reads`.
            where: What they are, for messages, such as `data.valid`.

        Returns:
            Sentences for the user on how the right answers are read.

        Raises:
            DataError: A metric cannot be computed on them.
        """
        references = self.references(examples)
        if references is None:
            return []
        labels = getattr(self, "labels", None)
        metrics = [metric for metric in self.metrics if isinstance(metric, Metric)]
        return [note for metric in metrics for note in metric.check(references, where, labels)]

    def references(self, examples: Any) -> Sequence[Any] | None:
        """Return the right answers as the metrics are given them; None if there are no metrics."""
        return None

    def notes_on_references(self, examples: Any, tokenizer: Any, where: str) -> list[str]:
        """Return sentences for the user on right answers that the tokenizer cannot write as they are."""
        return []

    def settle(self, examples: Any) -> dict[str, Any]:
        """Return the parameters of this task that training text tells, such as its labels.

        They are written into the run's recipe, under `task`.

        Args:
            examples: The training text, of the class `reads`.

        Raises:
            DataError: Nothing can be learnt from these examples.
        """
        return {}

    def remarks(self, examples: Any) -> list[str]:
        """Return sentences for the user on the training text, such as how often each label occurs.

        Args:
            examples: The training text, of the class `reads`.
        """
        return []

    @abc.abstractmethod
    def texts(self, examples: Any) -> Iterable[str]:
        """Return the texts, an iterable of str, that the tokenizer learns from."""

    def train_tokenizer(self, tokenizer: Any, examples: Any, folder: Any) -> None:
        """Let a tokenizer learn from these examples, and write its files to `folder`."""
        tokenizer.train(self.texts(examples), folder)

    def model(self, backbone: Any) -> Any:
        """Return the `keras.Model` to be trained: `backbone` with this task's head on it."""
        return backbone

    @abc.abstractmethod
    def loss(self) -> Any:
        """Return the `keras_transformers.losses.Loss` that training minimizes.

        It takes the labels of the task's batches and the outputs of the task's model.
        """

    @abc.abstractmethod
    def encode(
        self, examples: Any, tokenizer: Any, batch_tokens: int, max_length: int, seed: int, name: str
    ) -> "tuple[Batches, list[str]]":
        """Turn text into ids, once.

        Args:
            examples: Of the class `reads`.
            tokenizer: Turns strings into ids.
            batch_tokens: Most tokens in a batch, padding included.
            max_length: Longest sequence in tokens.
            seed: Seed of the order of batches, and of all else that is drawn.
            name: What the examples are, for messages, such as `data.train`.

        Returns:
            The `Batches` that the model is trained on, and a list of sentences for the user on
            what was dropped or cut.

        Raises:
            DataError: The examples do not fit the task, or none is left.
        """

    @abc.abstractmethod
    def serving(self, model: Any, tokenizer: Any) -> Any:
        """Return the module that is exported: strings in, answers out.

        Its `__call__` is a `tf.function` with an input signature of named string (N,) and returns
        a dict of tensors whose first axis is N.
        """

    @abc.abstractmethod
    def score(self, serving: Any, examples: Any) -> tuple[dict[str, Any], Sequence[Any]]:
        """Return the metrics, a dict of numbers and strings, of the answers, and the answers.

        Args:
            serving: What `serving` returned.
            examples: Of the class `reads`.
        """

    def score_each(self, serving: Any, answers: Sequence[Any], examples: Any) -> Iterator[dict[str, Any]]:
        """Yield what is to be said of each answer alone: a dict of its `reference` and its score by each metric.

        Args:
            serving: What `serving` returned.
            answers: As `score` returned them.
            examples: Of the class `reads`.
        """
        references = self.references(examples)
        columns: dict[str, Any] = {"reference": references}
        for metric in self.metrics:
            scores = metric.each(self.said(answers), self.references_for(metric, serving, examples))
            columns |= {} if scores is None else {metric.name: scores}
        for row in zip(*columns.values(), strict=True):
            yield dict(zip(columns, row))

    def said(self, answers: Sequence[Any]) -> Sequence[Any]:
        """Return answers as metrics take them, as `Metric.each` does."""
        return answers

    def references_for(self, metric: Any, serving: Any, examples: Any) -> Sequence[Any] | None:
        """Return the right answers as one of the metrics is given them."""
        return self.references(examples)

    def measured(self, outputs: Sequence[Any], references: Sequence[Any]) -> dict[str, Any]:
        """Return what all `metrics` say of outputs, given the right ones, as one dict."""
        return {name: score for metric in self.metrics for name, score in metric(outputs, references).items()}
