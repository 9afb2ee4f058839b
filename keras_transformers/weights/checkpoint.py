"""What every checkpoint is: tensors by name, and which of them belongs where in the model.

A format says what its tensors are called (`name_of`), what there is (`tensors`) and what each one
holds (`read`), in this library's layout. Comparing and filling is here, once.
"""

import abc
import math
from pathlib import Path

import numpy as np

from ..errors import CheckpointError
from .places import POOLER, places

CHUNK = 4 << 20
"""Bytes of a large tensor that are read at a time."""


def row_ranges(shape, itemsize):
    """Yield (first row, row after the last) of chunks of a tensor, each of at most about `CHUNK` bytes."""
    rows = max(1, CHUNK // max(1, itemsize * math.prod(shape[1:])))
    for start in range(0, shape[0], rows):
        yield start, min(start + rows, shape[0])


class Checkpoint(metaclass=abc.ABCMeta):
    """Abstract: one BERT as somebody stored it.

    Args:
        path: Where it lies, as the user named it.
    """

    def __init__(self, path):
        self.path = Path(path)

    @abc.abstractmethod
    def recipe(self):
        """Return the sections `model` and `tokenizer` of a recipe, as a dict; `task` if the checkpoint has one.

        Raises:
            CheckpointError: The checkpoint says something that this library does not read.
        """

    @abc.abstractmethod
    def write_tokenizer(self, folder):
        """Write the tokenizer's files into the folder.

        Raises:
            CheckpointError: There is no vocabulary, or it has another size than the embedding.
        """

    @abc.abstractmethod
    def tensors(self):
        """Return {name: shape} of the tensors stored, shapes in this library's layout."""

    @abc.abstractmethod
    def read(self, name):
        """Return one tensor as a NumPy array, in this library's layout."""

    def chunks(self, name):
        """Yield one tensor as arrays of some of its rows, so that a large one is never twice in memory."""
        yield self.read(name)

    @abc.abstractmethod
    def name_of(self, place):
        """Return the checkpoint's name of the tensor that belongs at a `Place`, or None if it has no such name."""

    @abc.abstractmethod
    def in_backbone(self, name):
        """Return whether a tensor of this name must have a place in the backbone.

        What is left belongs to a head, and may stay unused.
        """

    def is_state(self, name):
        """Return whether a tensor is no weight at all, such as the optimizer's."""
        return False

    def load(self, model):
        """Fill the model's weights, one tensor at a time.

        Args:
            model: A `Bert`, or a task's model that has one.

        Returns:
            A list of sentences: what was initialised anew, and what was not used.

        Raises:
            CheckpointError: Tensors are missing, left over or of another shape; all of them are listed.
        """
        stored = {name: shape for name, shape in self.tensors().items() if not self.is_state(name)}
        names = {place: self.name_of(place) for place in places(model).values()}
        fits = {place: name for place, name in names.items() if stored.get(name) == place.shape}
        new = self._new_parts(names, fits, stored)
        problems = [
            _difference(place, name, stored)
            for place, name in names.items()
            if place not in fits and place.part not in new
        ]
        left = [name for name in stored if name not in set(names.values())]
        problems += [
            f"`{name}`, shape {stored[name]}, has no place in the model." for name in left if self.in_backbone(name)
        ]
        if problems:
            count = f"{len(problems)} tensors do" if len(problems) > 1 else "a tensor does"
            raise CheckpointError("\n  ".join([f"{self.path} cannot fill the model, {count} not fit:", *problems]))
        for place, name in fits.items():
            if place.part not in new:
                _fill(place.variable, self.chunks(name))
        notes = [f"`{one}` is not in {self.path}: its weights are new." for one in new]
        unused = [name for name in left if not self.in_backbone(name)]
        if unused:
            notes.append(f"Not used, for the model has no such head: {', '.join(unused)}.")
        return notes

    def _new_parts(self, names, fits, stored):
        """Return the heads that stay as they were initialised.

        A head does so if any of its tensors is missing or differs, for half a head is none; the
        pooler, which checkpoints of some tasks leave out, only if all of it is missing.
        """
        heads = dict.fromkeys(place.part for place in names if place.is_head)
        new = [head for head in heads if any(place.part == head and place not in fits for place in names)]
        if not any(name in stored for place, name in names.items() if place.part == POOLER):
            new.append(POOLER)
        return new


def _fill(variable, chunks):
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


def _difference(place, name, stored):
    if name is None:
        return f"`{place.name}`, shape {place.shape}, has no name in this format."
    if name not in stored:
        return f"`{name}` is missing; the model has it in shape {place.shape}."
    return f"`{name}` has shape {stored[name]}, the model's has {place.shape}."
