"""What a source of questions about texts gives."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Answer:
    """A right answer, as a piece of the context.

    Args:
        text: The answer.
        start: Where it begins in the context, in characters; None: it is not where the file says.
    """

    text: str
    start: int | None


@dataclass(frozen=True)
class Questions:
    """Questions, the context of each, and its right answers, in the order of the source.

    Args:
        ids: What the file calls each question.
        questions: The questions.
        contexts: `contexts[i]` is the text that question i is about.
        answers: Lists of `Answer`; an empty one: the context does not tell.
        notes: What is wrong with the file, one sentence each, for the user to read.
    """

    ids: list[str]
    questions: list[str]
    contexts: list[str]
    answers: list[list[Answer]]
    notes: list[str] = field(default_factory=list)

    def __len__(self):
        return len(self.questions)

    @property
    def null_answers(self):
        """Whether some questions have no answer, as in SQuAD 2.0."""
        return not all(self.answers)
