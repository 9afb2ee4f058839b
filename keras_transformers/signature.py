"""What a class says of itself: its parameters, what it gives, what it needs, and the name it goes by.

A registered class tells the registry everything through its signature and a few class attributes.
`keras-transformers registry sync` reads them into the manifests, and the recipe validator reads the manifests:
no rule stands anywhere else, so that a plugin's part brings its own.

    @register("attention", "grouped")
    class GroupedAttention(MultiHeadAttention):
        def __init__(
            self,
            heads: Annotated[Count, Divides("model.dim")],
            groups: Annotated[Count, Divides("heads")] = 1,
            dropout: Rate = 0.0,
            norm: Norm | None = None,
        ): ...

Facts are class attributes, in words of one's own choice or classes: `reads` (what goes in), `gives` (what comes
out), `scores` (of a metric: what it compares), and a dict `facts` for others. What a class needs of other parts
of the recipe is its attribute `needs`, a tuple of `Need`.
"""

import codecs
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

T = TypeVar("T")
MARK = "__registered_as__"
MARKED: list[Any] = []
"""All that `register` has marked in this process, in that order."""


@dataclass(frozen=True)
class Registration:
    """The name that a class was given by `register`."""

    slot: str
    name: str
    reference: str = ""


def register(slot: str, name: str, reference: str = "") -> Callable[[T], T]:
    """Mark a class or function of a package as the component `slot/name`: `@register("norm", "rms_norm")`.

    It only marks, and imports nothing. `keras-transformers registry sync` finds the decorator by reading the source;
    a `--plugin` file's marked classes are registered when the file is loaded. `keras_transformers.register` is the
    same for a script or notebook: it also registers the class in the running process.

    Args:
        slot: Where it fits, such as `attention`.
        name: As recipes write it: lower-case letters, digits and _.
        reference: Paper or documentation it follows; by default the docstring's.
    """

    def mark(target: T) -> T:
        registration = Registration(slot, name, reference)
        if registration not in registrations(target):
            setattr(target, MARK, (*registrations(target), registration))
        MARKED.append(target)
        return target

    return mark


def registrations(target: Any) -> tuple[Registration, ...]:
    """Return the names that a class or function was itself given, not those of its base classes."""
    return tuple(getattr(target, "__dict__", {}).get(MARK, ()))


# Types of parameters --------------------------------------------------------------------------


@dataclass(frozen=True)
class Bounds:
    """The numbers allowed: `minimum <= x <= maximum` and `above < x < below`."""

    minimum: float | None = None
    maximum: float | None = None
    above: float | None = None
    below: float | None = None


@dataclass(frozen=True)
class Slot:
    """The parameter is a component of the slot `name`.

    Where a recipe writes a map without `type`, it means `default`.
    """

    name: str
    default: str | None = None


def slot(name: str, default: str | None = None) -> Any:
    """Return the annotation of a parameter that takes a component of the slot `name`."""
    return Annotated[Any, Slot(name, default)]


@dataclass(frozen=True)
class FilePath:
    """The string is a file or folder, relative to `data.root` or the working directory."""


@dataclass(frozen=True)
class TextEncoding:
    """The string names an encoding of text, such as `utf-8`."""


# Python counts these among the encodings of text, but nobody writes a text so.
_NOT_OF_TEXT = {"charmap", "idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"}


def is_text_encoding(name: str) -> bool:
    """Tell whether Python knows an encoding of this name, and it is one of text, unlike `hex` and `rot13`."""
    try:
        io.TextIOWrapper(io.BytesIO(), name).close()
        return codecs.lookup(name).name not in _NOT_OF_TEXT
    except (LookupError, ValueError):
        return False


@dataclass(frozen=True)
class Given:
    """Where the recipe leaves the parameter empty, it takes the value at `path`, such as `model.dim`.

    `training.steps`, the number of steps of the whole training, is known when training begins.
    """

    path: str


Count = Annotated[int, Bounds(minimum=1)]
Natural = Annotated[int, Bounds(minimum=0)]
Seed = Annotated[int, Bounds(minimum=0, maximum=2**32 - 1)]  # what NumPy takes
Rate = Annotated[float, Bounds(minimum=0, below=1)]
Fraction = Annotated[float, Bounds(minimum=0, maximum=1)]
Positive = Annotated[float, Bounds(above=0)]
NotNegative = Annotated[float, Bounds(minimum=0)]
Share = Annotated[float, Bounds(above=0, maximum=1)]
Path = Annotated[str, FilePath()]
Encoding = Annotated[str, TextEncoding()]

ModelDim = Annotated[int, Bounds(minimum=1), Given("model.dim")]
ModelVocabSize = Annotated[int, Bounds(minimum=1), Given("model.vocab_size")]
TrainingSteps = Annotated[int, Bounds(minimum=1), Given("training.steps")]

Adaptation = Annotated[Any, Slot("adaptation")]
Alignment = Annotated[Any, Slot("alignment")]
Attention = Annotated[Any, Slot("attention")]
Callback = Annotated[Any, Slot("callback")]
Decoder = Annotated[Any, Slot("decoder", default="decoder")]
DecoderBlock = Annotated[Any, Slot("decoder_block")]
Embedding = Annotated[Any, Slot("embedding")]
Encoder = Annotated[Any, Slot("encoder", default="encoder")]
EncoderBlock = Annotated[Any, Slot("encoder_block")]
FeedForward = Annotated[Any, Slot("feed_forward")]
Initialization = Annotated[Any, Slot("initialization")]
Loss = Annotated[Any, Slot("loss")]
Metric = Annotated[Any, Slot("metric")]
Model = Annotated[Any, Slot("model")]
Norm = Annotated[Any, Slot("norm")]
Optimizer = Annotated[Any, Slot("optimizer")]
Position = Annotated[Any, Slot("position")]
Schedule = Annotated[Any, Slot("schedule")]
Search = Annotated[Any, Slot("search", default="greedy")]
Source = Annotated[Any, Slot("source")]
Strategy = Annotated[Any, Slot("strategy")]
Task = Annotated[Any, Slot("task")]
Tokenizer = Annotated[Any, Slot("tokenizer")]

# What fits what -------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Constraint:
    """Abstract: what a value must be, given others.

    It is a note of `Annotated` in the signature, or part of a `Need`. The other value is a number; or the name of a
    parameter beside this one, such as `heads`; or a path from the root of the recipe, such as `model.dim`. A constraint
    is not applied where one of the two is not there, as in a recipe without `data`.

    Args:
        when: Apply only if this is neither null nor false, or with `name=value` if it is that: a name or path as
            above.
        unless: Do not apply if this is so.
    """

    when: str | None = None
    unless: str | None = None


@dataclass(frozen=True)
class Comparison(Constraint):
    """Abstract: the value is a number, which is compared with another."""

    other: float | str


@dataclass(frozen=True)
class Divides(Comparison):
    """The value divides `other` evenly."""

    other: int | str


@dataclass(frozen=True)
class MultipleOf(Comparison):
    """The value is a multiple of `other`; of 2: it is even."""

    other: int | str


@dataclass(frozen=True)
class AtLeast(Comparison):
    """The value is at least `times` times `other`, and `plus` more."""

    other: float | str
    times: int = 1
    plus: int = 0


@dataclass(frozen=True)
class AtMost(Comparison):
    """The value is at most `other`."""

    other: float | str


@dataclass(frozen=True)
class Exactly(Comparison):
    """The value is `other`."""

    other: float | str


@dataclass(frozen=True)
class OneOf(Constraint):
    """The value is one of the words `values`: `OneOf(("target", "none"))`."""

    values: tuple[str, ...]


@dataclass(frozen=True)
class Present(Constraint):
    """The value is not null."""


@dataclass(frozen=True)
class Absent(Constraint):
    """The value is null."""


@dataclass(frozen=True)
class Has(Constraint):
    """The component has a fact, in which are all of `values`: `Has("gives", ("sequence", "pooled"))`.

    One of which the fact is not known is taken to have it.
    """

    fact: str
    values: str | tuple[str, ...]

    def __post_init__(self) -> None:
        if isinstance(self.values, str):
            object.__setattr__(self, "values", (self.values,))


@dataclass(frozen=True)
class Fits(Constraint):
    """The component's fact `fact` has something in common with another fact, where both are known.

    Args:
        fact: Of the component that fills the parameter, such as `scores`.
        to: A fact of the component whose parameter it is, such as `gives`, or of the one at a path, such as
            `task.reads`.
    """

    fact: str
    to: str


Even = MultipleOf(2)


@dataclass(frozen=True)
class Need:
    """What a class needs of another part of the recipe; its attribute `needs` is a tuple of these.

    Args:
        path: From the recipe's root: a value such as `model.segments`, or a component such as `tokenizer`.
        constraint: What it must be; names in it are of parameters of the class that has the need.
    """

    path: str
    constraint: Constraint
