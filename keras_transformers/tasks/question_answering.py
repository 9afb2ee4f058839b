"""Question answering: find the answer to a question in a text."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from ..annotations import Tensor
from ..data.examples import Questions
from ..errors import RecipeError
from ..metrics.metric import Metric
from ..metrics.squad import Prediction, SquadScore
from ..signature import AtLeast, AtMost, Bounds, Count, Has, Need, register
from .task import Minimized, Scored, Task

if TYPE_CHECKING:
    from ..data.batches.batching import Batches


@register("task", "question_answering")
class QuestionAnswering(Task):
    """The piece of a text that answers a question, or that there is none.

    Serves `question` and `context` to `answer`, its probability `score` and its place, and the best
    others. A context that does not fit `length` is read in windows that overlap.

    Reference: Devlin et al. 2018, sections 4.2 and 4.3, https://arxiv.org/abs/1810.04805

    Args:
        null_answers: Whether the answer may be that there is none, ""; none: as in the training text.
        null_threshold: By how much the logit of no answer must exceed that of the best for the
            answer to be "".
        length: Longest sequence in tokens, question, context and three special ones.
        stride: Tokens by which a window lies behind the one before.
        max_question: Longest question in tokens; its end is cut off.
        max_answer: Longest answer in tokens.
        n_best: How many answers are given.
        metric: Scores answers against the right ones, and chooses the best checkpoint; by default SQuAD's.
        loss: What is minimized; none: the cross-entropy of both ends.
    """

    facts = {"learns": "spans"}
    reads = Questions
    noun = "questions"
    answer = "answer"
    gives = "answers"
    needs = (
        Need("model", Has("gives", "sequence")),
        Need("model", Has("reads", "segments")),
        Need("model.segments", AtLeast(2)),
        Need("tokenizer", Has("gives", ("cls", "offsets"))),
        Need("data.max_length", AtLeast("max_question", plus=4)),  # three special tokens, and one to answer with
    )

    def __init__(
        self,
        null_answers: bool | None = None,
        null_threshold: float = 0.0,
        length: Annotated[
            int, Bounds(minimum=5), AtMost("model.position.max_length"), AtLeast("max_question", plus=4)
        ] = 384,
        stride: Count = 128,
        max_question: Count = 64,
        max_answer: Count = 30,
        n_best: Count = 20,
        metric: Scored | None = None,
        loss: Minimized | None = None,
    ) -> None:
        self.null_answers = null_answers
        self.null_threshold = null_threshold
        self.length = length
        self.stride = stride
        self.max_question = max_question
        self.max_answer = max_answer
        self.n_best = n_best
        self.metrics = [metric or SquadScore()]
        self.own_loss = loss

    def settle(self, questions: Questions) -> dict[str, Any]:
        return {"null_answers": questions.null_answers} if self.null_answers is None else {}

    def texts(self, questions: Questions) -> Iterable[str]:
        """Return the questions and, once each, the contexts."""
        return [*questions.questions, *dict.fromkeys(questions.contexts)]

    def model(self, backbone: Any) -> Any:
        from ..models.backbone import features, require_segments, with_head
        from ..models.heads.tokens import SpanLogits, require_positions

        require_segments(backbone, "task/question_answering")
        require_positions(backbone, self.length)
        sequence = features(backbone, "sequence", "task/question_answering")
        return with_head(backbone, SpanLogits(name="spans")(sequence, backbone.input["segments"]))

    def loss(self) -> Any:
        from ..losses.span import SpanCrossEntropy

        return self.own_loss or SpanCrossEntropy()

    def encode(
        self, questions: Questions, tokenizer: Any, batch_tokens: int, max_length: int, seed: int, name: str
    ) -> "tuple[Batches, list[str]]":
        from ..data.batches.encode_spans import encode_questions
        from ..text.wordpiece import require_wordpiece

        require_wordpiece(tokenizer, "`task/question_answering`")
        return encode_questions(questions, tokenizer, self._shape(max_length), batch_tokens, seed, name)

    def serving(self, model: Any, tokenizer: Any) -> Any:
        """Return the module that is exported: `question` and `context` to `answer`, `score` and more."""
        from ..predictors.question_answerer import Limits, QuestionAnswerer

        threshold = self.null_threshold if self.null_answers else None
        limits = Limits(self.max_answer, self.n_best, threshold)
        return QuestionAnswerer(model, tokenizer, self._shape(self.length), limits)

    def score(self, serving: Any, questions: Questions) -> tuple[dict[str, Any], Sequence[Any]]:
        """Return the metric of the answers to the questions, and the answers."""
        import tensorflow as tf

        found = serving(tf.constant(questions.questions, tf.string), tf.constant(questions.contexts, tf.string))
        outputs = _decoded(found["answer"])
        spans = [next(filter(None, best), "") for best in map(_decoded, found["answers"])]
        no_answer = found["no_answer"].numpy().tolist()
        (metric,) = self.metrics
        if isinstance(metric, Metric):
            predictions = [Prediction(*row) for row in zip(outputs, spans, no_answer)]
            return metric(predictions, self.references(questions)), outputs
        return metric(outputs, self.references(questions), spans, no_answer), outputs  # one of the first version

    def said(self, answers: Sequence[Any]) -> Sequence[Any]:
        return [Prediction(answer, answer, 0.0) for answer in answers]

    def references(self, questions: Questions) -> Sequence[Any]:
        """Return the right answers to each question, as lists of str."""
        return [[right.text for right in answers] for answers in questions.answers]

    def _shape(self, longest: int) -> dict[str, int]:
        """Return how questions and contexts are cut into windows of at most `longest` tokens."""
        length = min(self.length, longest)
        room = length - self.max_question - 3
        if room < 1:
            raise RecipeError(
                f"`task.length` and `data.max_length` must be more than `task.max_question` ({self.max_question}) and "
                f"three special tokens, but the least is {length}."
            )
        return {"length": length, "stride": self.stride, "max_question": self.max_question}


def _decoded(strings: Tensor) -> list[str]:
    return [string.decode("utf-8", "replace") for string in strings.numpy()]
