"""Base class of other libraries' BERT checkpoints: sizes, vocabulary, tensor names."""

import abc
import functools
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from ..errors import CheckpointError
from . import vocabulary
from .checkpoint_format import CheckpointFormat
from .size_mismatch import TELLING

BLOCK = re.compile(r"\.blocks\.(\d+)\.")


@dataclass(frozen=True)
class StoredTokenizer:
    """A WordPiece tokenizer as somebody stored it.

    Args:
        pieces: The vocabulary, by id.
        file: The file that holds it.
        lowercase: Whether text becomes lower case; None: nothing says it.
        strip_accents: Whether accents are left out; None: if `lowercase`.
        cut: The most tokens of a text by tokenizer.json, which Transformers does not heed; None: not said.
        notes: Sentences for the user.
    """

    pieces: list[str]
    file: Path
    lowercase: bool | None = None
    strip_accents: bool | None = None
    cut: int | None = None
    notes: tuple[str, ...] = ()


class BertCheckpoint(CheckpointFormat):
    """Abstract: a BERT of another library.

    A subclass sets `sizes` and `settings_notes`, and calls `_check_sizes` when its tensors are known.

    Attributes:
        NAMES: Our name of each tensor of the backbone, and theirs.
        KEYS: For each count of `Sizes`, the key of the configuration.
        config_file: The configuration, for messages.
    """

    NAMES = {}
    KEYS = {}

    def __init__(self, path):
        super().__init__(path)
        self.sizes = None
        self.config_file = None
        self.settings_notes = []

    @abc.abstractmethod
    def read_tokenizer(self):
        """Return the `StoredTokenizer`.

        Raises:
            CheckpointError: There is none, or one that this library cannot repeat.
        """

    def tensor_name(self, name):
        """Return the checkpoint's name of a tensor, by our name of it, or None."""
        return their_name(name, self.NAMES)

    @functools.cached_property
    def tokenizer(self):
        """The `StoredTokenizer`, its pieces compared with the embedding."""
        stored = self.read_tokenizer()
        vocabulary.check_pieces(stored.pieces, stored.file, self.sizes.vocab_size)
        return stored

    def recipe(self):
        model, task = self.sizes.model(), self.task()
        if self.sizes.vocab_size > len(self.tokenizer.pieces):
            model["vocab_size"] = self.sizes.vocab_size
        return {"model": model, "tokenizer": self._section(), **({"task": task} if task else {})}

    def notes(self):
        notes = [*self.settings_notes, *self.tokenizer.notes]
        rows, pieces = self.sizes.vocab_size, len(self.tokenizer.pieces)
        if rows > pieces:
            notes.append(
                f"{self.path} has {rows:,} rows in its embedding and {pieces:,} pieces in its vocabulary: the rows "
                "without a piece are kept, but no text reads them and none is predicted."
            )
        return notes

    def guesses(self):
        if self.tokenizer.lowercase is not None:
            return {}
        lower = vocabulary.is_lower_case(self.tokenizer.pieces)
        pieces = "have no capital letters" if lower else "have capital letters"
        said, other = ("true", "false") if lower else ("false", "true")
        return {
            "lowercase": f"No file of {self.path} says whether text becomes lower case; the pieces of its vocabulary "
            f"{pieces}, so `tokenizer.lowercase` is {said}. If that is wrong, add --set tokenizer.lowercase={other}."
        }

    @property
    def layers(self):
        return self.sizes.layers

    def write_tokenizer(self, folder):
        stored = self.tokenizer
        folder.mkdir(exist_ok=True)
        if stored.file.suffix == ".txt":
            shutil.copyfile(stored.file, folder / vocabulary.FILE)
        else:
            text = "".join(f"{piece}\n" for piece in stored.pieces)
            (folder / vocabulary.FILE).write_text(text, encoding="utf-8", newline="\n")

    def name_of(self, place):
        return self.tensor_name(place.name)

    def _section(self):
        """Return the section `tokenizer` of the recipe."""
        stored, lowercase = self.tokenizer, self.tokenizer.lowercase
        if lowercase is None:
            lowercase = vocabulary.is_lower_case(stored.pieces)
        accents = {} if stored.strip_accents is None else {"strip_accents": stored.strip_accents}
        return {"type": "wordpiece", "vocab_size": len(stored.pieces), "lowercase": lowercase, **accents}

    def _check_sizes(self):
        """Compare the configuration with the shapes of tensors, so that no wrong size is built.

        Raises:
            CheckpointError: They differ, or a tensor that every BERT has is missing.
        """
        shapes = self.tensors()
        for size, (ours, axis) in TELLING.items():
            name = self.tensor_name(ours)
            if name not in shapes:
                raise CheckpointError(f"{self.path} holds no tensor `{name}`: it is not a BERT, or is damaged.")
            attribute = {"position.max_length": "positions"}.get(size, size)
            wanted, shape = getattr(self.sizes, attribute), shapes[name]
            if len(shape) <= axis or shape[axis] != wanted:
                raise CheckpointError(
                    f"{self.config_file}: `{self.KEYS[attribute]}` is {wanted:,}, but `{name}` has shape "
                    f"{self.shape_in_file(name, shape)}."
                )
        blocks = self._blocks(shapes)
        if blocks < self.sizes.layers:
            raise CheckpointError(
                f"{self.config_file}: `{self.KEYS['layers']}` is {self.sizes.layers:,}, but {self.path} holds tensors "
                f"of {blocks:,} only."
            )

    def _blocks(self, shapes):
        """Return the number of encoder blocks of which there are tensors, from the lowest on."""
        names = [name for name in self.NAMES if BLOCK.search(name.replace("{i}", "0"))]
        count = 0
        while any(self.tensor_name(name.replace("{i}", str(count))) in shapes for name in names):
            count += 1
        return count


def their_name(name, names):
    """Return what a table calls the tensor of our name, or None."""
    number = BLOCK.search(name)
    if number is None:
        return names.get(name)
    theirs = names.get(name.replace(number[0], ".blocks.{i}.", 1))
    return theirs and theirs.replace("{i}", number[1])
