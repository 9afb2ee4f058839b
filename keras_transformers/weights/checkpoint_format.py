"""The contract of checkpoint formats (slot `checkpoint_format`).

A format recognizes what it reads (`recognizes`), makes a recipe of it (`recipe`), and says what its tensors are
called (`name_of`), which there are (`tensors`) and what each one holds (`read`), in this library's layout. Comparing
and filling is here, once.
"""

import abc
import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import CheckpointError
from ..models.bert import Bert
from .settings import shown
from .size_mismatch import differing
from .tensor_names import POOLER, Place, places

CHUNK = 4 << 20
"""Bytes of a large tensor that are read at a time."""

CLASSIFIER = "classifier"
SHOWN = 5
"""Labels of many that a message shows."""


def row_ranges(shape: tuple[int, ...], itemsize: int) -> Iterator[tuple[int, int]]:
    """Yield (first row, row after the last) of chunks of a tensor, each of at most about `CHUNK` bytes."""
    rows = max(1, CHUNK // max(1, itemsize * math.prod(shape[1:])))
    for start in range(0, shape[0], rows):
        yield start, min(start + rows, shape[0])


class CheckpointFormat(metaclass=abc.ABCMeta):
    """Abstract: a model in one format, opened.

    A format of one's own is registered in the slot `checkpoint_format`; `open_checkpoint` asks such formats first.

    Args:
        path: Where it lies, as the user named it.

    Attributes:
        summary: What such a checkpoint is and which files tell it, to end a sentence with.
    """

    summary = ""

    def __init__(self, path: Any) -> None:
        self.path = Path(path)

    @classmethod
    @abc.abstractmethod
    def recognizes(cls, source: Any) -> bool:
        """Return whether this format reads what is there; whether it is sound is found when it is opened.

        Args:
            source: A `Path`, which need not exist; or an object in memory, such as a model.
        """

    @abc.abstractmethod
    def recipe(self) -> dict[str, Any]:
        """Return the sections `model` and `tokenizer` of a recipe, as a dict; `task` if the checkpoint has one.

        Raises:
            CheckpointError: The checkpoint says something that this library does not read.
        """

    def task(self) -> dict[str, Any] | None:
        """Return the section `task` of the recipe, or None."""
        return None

    def kind(self) -> type:
        """Return the class of models that it fills, a task's head left out."""
        return Bert

    def notes(self) -> list[str]:
        """Return sentences for the user: which of the checkpoint's settings are not done as it says."""
        return []

    def guesses(self) -> dict[str, str]:
        """Return {parameter of the tokenizer: sentence on what it was guessed from} of what no file says."""
        return {}

    def tokenizer_for(self, own: dict[str, Any] | None = None) -> tuple[dict[str, Any], list[str]]:
        """Return the section `tokenizer` of a recipe that begins with this checkpoint, and sentences for the user.

        What the recipe itself says wins over a guess, not over what the checkpoint's files say.

        Args:
            own: The section `tokenizer` of that recipe, or None. What is null in it is not said.
        """
        section, guesses = dict(self.recipe()["tokenizer"]), self.guesses()
        own = {key: value for key, value in (own or {}).items() if key != "vocab_size" and value is not None}
        notes = []
        if own and own["type"] != section["type"]:
            notes.append(f"`tokenizer` is that of {self.path}, `{section['type']}`, not `{own['type']}`.")
            own = {}
        for key, value in own.items():
            if section.get(key) == value:
                guesses.pop(key, None)
            elif guesses.pop(key, None):
                notes.append(
                    f"`tokenizer.{key}` is {shown(value)} as the recipe says; from {self.path} it would be "
                    f"{shown(section.get(key))}, but that is a guess."
                )
                section[key] = value
            elif key in section:
                notes.append(
                    f"`tokenizer.{key}` is {shown(section[key])} as {self.path} says, not {shown(value)} as the recipe "
                    f"does; to change it, import the checkpoint with --set tokenizer.{key}={shown(value)} first."
                )
        return section, [*notes, *guesses.values()]

    @property
    def layers(self) -> int | None:
        """The number of encoder blocks; None if nothing says it."""
        return None

    @abc.abstractmethod
    def write_tokenizer(self, folder: Path) -> None:
        """Write the tokenizer's files into the folder, which is there.

        Raises:
            CheckpointError: There is no vocabulary, or it does not fit the embedding.
        """

    @abc.abstractmethod
    def tensors(self) -> dict[str, tuple[int, ...]]:
        """Return {name: shape} of the tensors stored, shapes in this library's layout."""

    @abc.abstractmethod
    def read(self, name: str) -> np.ndarray:
        """Return one tensor as a NumPy array, in this library's layout."""

    def chunks(self, name: str) -> Iterator[np.ndarray]:
        """Yield one tensor as arrays of some of its rows, so that a large one is never twice in memory."""
        yield self.read(name)

    @abc.abstractmethod
    def name_of(self, place: Place) -> str | None:
        """Return the checkpoint's name of the tensor that belongs at a `Place`, or None if it has no such name."""

    def shape_in_file(self, name: str, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return a shape in this library's layout as the file has it, for messages."""
        return shape

    @abc.abstractmethod
    def in_backbone(self, name: str) -> bool:
        """Return whether a tensor of this name must have a place in the backbone.

        What is left belongs to a head, and may stay unused.
        """

    def is_state(self, name: str) -> bool:
        """Return whether a tensor is no weight at all, such as the optimizer's."""
        return False

    def load(self, model: Any, task: dict[str, Any] | None = None) -> list[str]:
        """Fill the model's weights, one tensor at a time.

        Args:
            model: A model of the class `kind`, or a task's model that has one.
            task: The section `task` of the model's recipe; a classifier of other labels is then not used.

        Returns:
            A list of sentences: which heads were filled, what was initialised anew, and what was not used.

        Raises:
            CheckpointError: Tensors are missing, left over or of another shape, all of which are listed, or one
                holds numbers that are none.
        """
        stored = {name: shape for name, shape in self.tensors().items() if not self.is_state(name)}
        names = {place: self.name_of(place) for place in places(model, self.kind()).values()}
        fits = {place: name for place, name in names.items() if stored.get(name) == place.shape}
        new = self._new_parts(names, fits, stored, task or {})
        problems = [
            self._difference(place, name, stored)
            for place, name in names.items()
            if place not in fits and place.part not in new
        ]
        left = [name for name in stored if name not in set(names.values())]
        problems += [
            f"`{name}`, shape {self.shape_in_file(name, stored[name])}, has no place in the model."
            for name in left
            if self.in_backbone(name)
        ]
        if problems:
            count = f"{len(problems)} tensors do" if len(problems) > 1 else "a tensor does"
            sizes = " and ".join(self._other_sizes(names, stored))
            first = f"{self.path} cannot fill the model{sizes and ', whose '}{sizes}, {count} not fit:"
            raise CheckpointError("\n  ".join([first, *problems]))
        for place, name in fits.items():
            if place.part not in new:
                _fill(place.variable, self._finite_chunks(name))
        filled = dict.fromkeys(place.part for place in names if place.is_head and place.part not in new)
        notes = [f"`{head}` is that of {self.path}." for head in filled]
        notes += [f"`{part}` {why}: its weights are new." for part, why in new.items()]
        unused = [name for name in left if not self.in_backbone(name)]
        if unused:
            notes.append(f"Not used, for the model has no such head: {', '.join(unused)}.")
        return notes

    def _new_parts(self, names: Any, fits: Any, stored: dict[str, tuple[int, ...]], task: dict[str, Any] | None) -> Any:
        """Return {part: why} of the heads that stay as they were initialised.

        A head does so if any of its tensors is missing or differs, for half a head is none, or if it
        tells other labels apart; the pooler, which checkpoints of some tasks leave out, only if all
        of it is missing.
        """
        new = {}
        for head in dict.fromkeys(place.part for place in names if place.is_head):
            places_in = [place for place in names if place.part == head]
            why = self._why_new([place for place in places_in if place not in fits], names, stored)
            if all(names[place] not in stored for place in places_in):
                why = f"is not in {self.path}"
            why = why or self._other_labels(head, task)
            if why:
                new[head] = why
        pooler = [name for place, name in names.items() if place.part == POOLER]
        if pooler and not any(name in stored for name in pooler):
            new[POOLER] = f"is not in {self.path}"
        return new

    def _why_new(self, unfit: Any, names: Any, stored: dict[str, tuple[int, ...]]) -> Any:
        """Return why a head cannot be filled, given the places that cannot, or None."""
        if not unfit:
            return None
        shapes = [
            f"`{name}` {self.shape_in_file(name, stored[name])}, where the model's would be "
            f"{self.shape_in_file(name, place.shape)}"
            for place, name in ((place, names[place]) for place in unfit)
            if name in stored
        ]
        if shapes:
            return f"has other shapes in {self.path} ({'; '.join(shapes)})"
        return f"is in {self.path} only in part"

    def _other_labels(self, head: Any, task: dict[str, Any] | None) -> Any:
        """Return why a classifier that would fit is not used, or None."""
        theirs = (self.task() or {}).get("labels")
        mine = task.get("labels")
        if head != CLASSIFIER or not theirs or not mine or list(theirs) == list(mine):
            return None
        return f"of {self.path} is for other labels ({_listed(theirs)}; the model's are {_listed(mine)})"

    def _difference(self, place: Place, name: str, stored: dict[str, tuple[int, ...]]) -> Any:
        """Return the sentence on a tensor that is missing or of another shape, as its file has it."""
        if name is None:
            return f"`{place.name}`, shape {place.shape}, has no name in this format."
        wanted = self.shape_in_file(name, place.shape)
        if name not in stored:
            return f"`{name}` is missing; for this model its shape must be {wanted}."
        found = self.shape_in_file(name, stored[name])
        return f"`{name}` has shape {found}; for this model it must be {wanted}."

    def _finite_chunks(self, name: str) -> Iterator[np.ndarray]:
        """Yield the chunks of a tensor.

        Raises:
            CheckpointError: One holds what is no number.
        """
        for chunk in self.chunks(name):
            if not np.isfinite(chunk).all():
                raise CheckpointError(
                    f"{self.path} cannot be used: `{name}` holds values that are infinite or no numbers (NaN), as a "
                    "training leaves behind that has diverged."
                )
            yield chunk

    def _other_sizes(self, names: Any, stored: dict[str, tuple[int, ...]]) -> Any:
        """Return sentences' ends on the sizes in which the model and the checkpoint differ."""
        ours = {place.name: place.shape for place in names}
        theirs = {place.name: stored.get(name) for place, name in names.items()}
        return differing(ours, theirs, self.layers)


def _listed(labels: Sequence[Any]) -> str:
    """Return the first of labels, joined by commas."""
    return ", ".join([*map(str, labels[:SHOWN]), *(["…"] if len(labels) > SHOWN else [])])


def _fill(variable: Any, chunks: Iterable[np.ndarray]) -> None:
    """Give a variable its value, chunk after chunk."""
    import keras

    if keras.backend.backend() != "tensorflow":
        variable.assign(np.concatenate(list(chunks)))
        return
    start = 0
    for chunk in chunks:
        if len(chunk) == variable.shape[0]:
            variable.assign(chunk)
        else:
            variable.value[start : start + len(chunk)].assign(chunk)
        start += len(chunk)
