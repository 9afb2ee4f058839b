"""What a constructor says of its parameters beyond their Python types.

A registered class tells the registry everything through its signature: the type of each
parameter, its bounds, and whether it is itself a component. `keras-transformers registry sync`
reads these annotations into the manifests, and the recipe validator reads the manifests.

    def __init__(self, heads: Count, dropout: Rate = 0.0, norm: slot("norm") = None): ...
"""

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


Count = Annotated[int, Bounds(minimum=1)]
Natural = Annotated[int, Bounds(minimum=0)]
Seed = Annotated[int, Bounds(minimum=0, maximum=2**32 - 1)]  # what NumPy takes
Rate = Annotated[float, Bounds(minimum=0, below=1)]
Fraction = Annotated[float, Bounds(minimum=0, maximum=1)]
Positive = Annotated[float, Bounds(above=0)]
Path = Annotated[str, FilePath()]
