"""What a constructor says of its parameters beyond their Python types.

A registered class tells the registry everything through its signature: the type of each
parameter, its bounds, and whether it is itself a component. `keras-transformers registry sync`
reads these annotations into the manifests, and the recipe validator reads the manifests.

    def __init__(self, heads: Count, dropout: Rate = 0.0, norm: slot("norm") = None): ...
"""

import codecs
import io
from dataclasses import dataclass
from typing import Annotated, Any


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


def slot(name, default=None):
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


def is_text_encoding(name):
    """Tell whether Python knows an encoding of this name, and it is one of text, unlike `hex` and `rot13`."""
    try:
        io.TextIOWrapper(io.BytesIO(), name).close()
        return codecs.lookup(name).name not in _NOT_OF_TEXT
    except (LookupError, ValueError):
        return False


Count = Annotated[int, Bounds(minimum=1)]
Natural = Annotated[int, Bounds(minimum=0)]
Seed = Annotated[int, Bounds(minimum=0, maximum=2**32 - 1)]  # what NumPy takes
Rate = Annotated[float, Bounds(minimum=0, below=1)]
Fraction = Annotated[float, Bounds(minimum=0, maximum=1)]
Positive = Annotated[float, Bounds(above=0)]
Path = Annotated[str, FilePath()]
Encoding = Annotated[str, TextEncoding()]
