"""Examples: what sources read and tasks learn from.

A source yields examples one by one, as `Pair`, `LabelledText`, `TaggedSentence`, `Question` or `Document`;
the class of the same name in the plural keeps them in columns, as tasks take them. Of each example,
`key` is the text that decides its part of the set, and `blank` tells whether it has no text.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple, Self

from ..errors import DataError

NO_BREAK_SPACE = "\u00a0"  # keeps "10 000" one word where words are separated by spaces


class Tally:
    """Counts, by kind, what is dropped or changed in reading, and keeps the first place of each kind."""

    def __init__(self) -> None:
        self._sentences: list[str] = []
        self._kinds: dict[tuple[str, str], tuple[int, str]] = {}

    def note(self, sentence: str) -> None:
        """Keep a sentence for the user."""
        self._sentences.append(sentence)

    def add(self, noun: str, what: str, place: str) -> None:
        """Count one.

        Args:
            noun: What it is, in the singular, such as `row`.
            what: What became of it, such as `with an empty text dropped`.
            place: Where it is, such as `/data/train.tsv:17`.
        """
        count, first = self._kinds.get((noun, what), (0, place))
        self._kinds[noun, what] = count + 1, first

    @property
    def notes(self) -> list[str]:
        """The sentences kept, and one for each kind."""
        kinds = self._kinds.items()
        return [
            *self._sentences,
            *(f"{counted(count, noun)} {what}, first at {first}." for (noun, what), (count, first) in kinds),
        ]


def counted(number: int, noun: str) -> str:
    """Return "1 row" or "2 rows"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


class Pair(NamedTuple):
    """A sentence, and what the model shall make of it."""

    place: str
    source: str
    target: str

    @property
    def key(self) -> str:
        return self.source

    @property
    def blank(self) -> bool:
        return not self.source.strip() or not self.target.strip()


class LabelledText(NamedTuple):
    """A text, or a pair of texts, with its label."""

    place: str
    label: str
    text: str
    second: str | None = None

    @property
    def key(self) -> str:
        return self.text

    @property
    def blank(self) -> bool:
        return not self.text.strip() or (self.second is not None and not self.second.strip())


class TaggedSentence(NamedTuple):
    """Words with a tag each."""

    place: str
    words: list[str]
    tags: list[str]

    @property
    def key(self) -> str:
        return " ".join(self.words)

    @property
    def blank(self) -> bool:
        return not self.words


class Answer(NamedTuple):
    """A right answer, as a piece of the context.

    Args:
        text: The answer.
        start: Where it begins in the context, in characters; None: it is not where the file says.
    """

    text: str
    start: int | None


class Question(NamedTuple):
    """A question about a context; no `answers`: the context does not tell."""

    place: str
    id: str
    question: str
    context: str
    answers: list[Answer]

    @property
    def key(self) -> str:
        return self.context

    @property
    def blank(self) -> bool:
        return not self.question.strip() or not self.context.strip()


class Document(NamedTuple):
    """Running text as it was read, and its sentences."""

    place: str
    text: str
    sentences: list[str]

    @property
    def key(self) -> str:
        return self.text

    @property
    def blank(self) -> bool:
        return not any(sentence.strip() for sentence in self.sentences)


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

    noun: ClassVar[str] = "pair"
    lacks: ClassVar[str] = "an empty side"

    def __post_init__(self) -> None:
        if len(self.sources) != len(self.targets):
            raise ValueError(
                f"`targets` must be as many as `sources` ({len(self.sources)}), but are {len(self.targets)}."
            )

    def __len__(self) -> int:
        return len(self.sources)

    @property
    def inputs(self) -> dict[str, list[str]]:
        """What is said to the model, by name."""
        return {"text": self.sources}

    @classmethod
    def of(cls, examples: Sequence[Any], tally: Tally) -> Self:
        """Return the columns of a list of `Pair`, with the notes of a `Tally`."""
        return cls([pair.source for pair in examples], [pair.target for pair in examples], tally.notes)


@dataclass(frozen=True)
class Labelled:
    """Texts, or pairs of texts, with a label each, in the order of the source.

    Args:
        texts: The texts; of pairs, the first of each.
        labels: A label for each, without white space around it.
        places: Where each was read, such as `/data/train.tsv:17`.
        seconds: The second text of each pair, or None.
        notes: What was dropped or changed on the way, one sentence each, for the user to read.
    """

    texts: list[str]
    labels: list[str]
    places: list[str]
    seconds: list[str] | None = None
    notes: list[str] = field(default_factory=list)

    noun: ClassVar[str] = "row"
    lacks: ClassVar[str] = "an empty text"

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def columns(self) -> list[list[str]]:
        """The texts, and the second texts if there are any: what the serving module takes."""
        return [self.texts] if self.seconds is None else [self.texts, self.seconds]

    @property
    def inputs(self) -> dict[str, list[str]]:
        """What is said to the model, by name."""
        return {"text": self.texts} if self.seconds is None else {"first": self.texts, "second": self.seconds}

    @classmethod
    def of(cls, examples: Sequence[Any], tally: Tally) -> Self:
        """Return the columns of a list of `LabelledText`, with the notes of a `Tally`.

        Raises:
            DataError: One has no label.
        """
        labels = []
        for example in examples:
            label = example.label.strip()
            if not label:
                raise DataError(f"{example.place} has no label: give it one, or leave the row out.")
            if label != example.label:
                tally.add("label", "with white space around, which was taken away", example.place)
            labels.append(label)
        places, _, texts, seconds = (list(column) for column in zip(*examples, strict=True))
        return cls(texts, labels, places, None if None in seconds else seconds, tally.notes)


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

    noun: ClassVar[str] = "sentence"
    lacks: ClassVar[str] = "no words"

    def __post_init__(self) -> None:
        if [len(words) for words in self.words] != [len(tags) for tags in self.tags]:
            raise ValueError("`tags` must be as many as `words` in every sentence, but are not.")

    def __len__(self) -> int:
        return len(self.words)

    @property
    def texts(self) -> list[str]:
        """The sentences as strings, their words separated by single spaces."""
        return [" ".join(words) for words in self.words]

    @property
    def inputs(self) -> dict[str, list[str]]:
        """What is said to the model, by name."""
        return {"text": self.texts}

    @classmethod
    def of(cls, examples: Sequence[Any], tally: Tally) -> Self:
        """Return the columns of a list of `TaggedSentence`, with the notes of a `Tally`.

        A space in a word becomes a no-break space.
        """
        for example in examples:
            for word in example.words:
                if " " in word:
                    tally.add("word", "with a space, which became a no-break space", example.place)
        words = [[word.replace(" ", NO_BREAK_SPACE) for word in example.words] for example in examples]
        tags, places = [example.tags for example in examples], [example.place for example in examples]
        return cls(words, tags, places, tally.notes)


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

    noun: ClassVar[str] = "question"
    lacks: ClassVar[str] = "an empty text"

    def __len__(self) -> int:
        return len(self.questions)

    @property
    def null_answers(self) -> bool:
        """Whether some questions have no answer, as in SQuAD 2.0."""
        return not all(self.answers)

    @property
    def inputs(self) -> dict[str, list[str]]:
        """What is said to the model, by name."""
        return {"question": self.questions, "context": self.contexts}

    @classmethod
    def of(cls, examples: Sequence[Any], tally: Tally) -> Self:
        """Return the columns of a list of `Question`, with the notes of a `Tally`."""
        _, ids, questions, contexts, answers = (list(column) for column in zip(*examples, strict=True))
        return cls(ids, questions, contexts, answers, tally.notes)


@dataclass(frozen=True)
class Documents:
    """Documents in the order of the source.

    Args:
        sentences: The sentences of each document, in their order; none is blank.
        notes: What was dropped on the way, one sentence each, for the user to read.
        wholes: The text of each document as it was read, where that is known.
    """

    sentences: list[list[str]]
    notes: list[str] = field(default_factory=list)
    wholes: list[str] | None = None

    noun: ClassVar[str] = "document"
    lacks: ClassVar[str] = "no sentences"

    def __post_init__(self) -> None:
        if self.wholes is not None and len(self.wholes) != len(self.sentences):
            raise ValueError(
                f"`wholes` must be as many as `sentences` ({len(self.sentences)}), but are {len(self.wholes)}."
            )

    def __len__(self) -> int:
        return len(self.sentences)

    @property
    def texts(self) -> list[str]:
        """All sentences of all documents."""
        return [sentence for document in self.sentences for sentence in document]

    @property
    def running(self) -> list[str]:
        """The running text of each document: as it was read, or else its sentences, each on a line."""
        return ["\n".join(sentences) for sentences in self.sentences] if self.wholes is None else self.wholes

    @classmethod
    def of(cls, examples: Sequence[Any], tally: Tally) -> Self:
        """Return the sentences and texts of a list of `Document`, with the notes of a `Tally`."""
        sentences, wholes = [document.sentences for document in examples], [document.text for document in examples]
        return cls(sentences, tally.notes, wholes)
