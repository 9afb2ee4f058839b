"""What the sources of training text give: one class a kind of examples."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Pairs:
    """Sentences and what the model shall make of them, in the order of the source.

    Args:
        sources: Input sentences.
        targets: Output sentences; `targets[i]` belongs to `sources[i]`.
        notes: What was dropped on the way, one sentence each, for the user to read.
    """

    sources: list[str]
    targets: list[str]
    notes: list[str] = field(default_factory=list)

    def __post_init__(self):
        if len(self.sources) != len(self.targets):
            raise ValueError(
                f"`targets` must be as many as `sources` ({len(self.sources)}), but are {len(self.targets)}."
            )

    def __len__(self):
        return len(self.sources)


@dataclass(frozen=True)
class Labelled:
    """Texts, or pairs of texts, with a label each, in the order of the source.

    Args:
        texts: The texts; of pairs, the first of each.
        labels: A label for each, as it was written.
        places: Where each was read, such as `/data/train.tsv:17`.
        seconds: The second text of each pair, or None.
        notes: What was dropped on the way, one sentence each, for the user to read.
    """

    texts: list[str]
    labels: list[str]
    places: list[str]
    seconds: list[str] | None = None
    notes: list[str] = field(default_factory=list)

    def __len__(self):
        return len(self.texts)

    @property
    def columns(self):
        """The texts, and the second texts if there are any: what the serving module takes."""
        return [self.texts] if self.seconds is None else [self.texts, self.seconds]


@dataclass(frozen=True)
class Tagged:
    """Sentences as words, and a tag for each word, in the order of the source.

    Args:
        words: The words of each sentence; none holds a plain space.
        tags: `tags[i][j]` belongs to `words[i][j]`.
        places: Where each sentence begins, such as `/data/train.conll:17`.
        notes: What was changed on the way, one sentence each, for the user to read.
    """

    words: list[list[str]]
    tags: list[list[str]]
    places: list[str]
    notes: list[str] = field(default_factory=list)

    def __post_init__(self):
        if [len(one) for one in self.words] != [len(one) for one in self.tags]:
            raise ValueError("`tags` must be as many as `words` in every sentence, but are not.")

    def __len__(self):
        return len(self.words)

    @property
    def texts(self):
        """The sentences as strings, their words separated by single spaces."""
        return [" ".join(words) for words in self.words]


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


@dataclass(frozen=True)
class Documents:
    """Documents in the order of the source.

    Args:
        sentences: The sentences of each document, in their order; none is blank.
    """

    sentences: list[list[str]]

    def __len__(self):
        return len(self.sentences)

    @property
    def texts(self):
        """All sentences of all documents."""
        return [sentence for document in self.sentences for sentence in document]
