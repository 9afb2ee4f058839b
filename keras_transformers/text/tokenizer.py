"""The contract of tokenizers: a `tf.Module` with its own vocabulary.

N sentences in the batch; a sentence has any number of ids, none of them BOS or EOS.
"""

import abc
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from ..annotations import Tensor
from ..errors import DataError
from ..files import StrPath, write_bytes, writing
from .special import BOS, EOS, PAD, UNK


class Tokenizer(tf.Module, metaclass=abc.ABCMeta):
    """Text to ids and back.

    A subclass keeps all that `tokenize` and `detokenize` need as constants or tracked attributes,
    so that a SavedModel which holds it needs no further file. Its vocabulary comes from `train` or
    `load`.

    Where there are two sides, such as the languages of a translation, `source` and `target` are what each is written
    in: of most tokenizers this one itself, of `Sides` one each.

    Attributes:
        sample: How segmentations are drawn in training; None: each text has one.
    """

    sample: Any = None

    @property
    def source(self) -> "Tokenizer":
        """The tokenizer of what a model reads."""
        return self

    @property
    def target(self) -> "Tokenizer":
        """The tokenizer of what a model says."""
        return self

    @abc.abstractmethod
    def train(self, texts: Iterable[str], folder: Path) -> None:
        """Choose the vocabulary from `texts`, write it to `folder` and load it from there.

        Args:
            texts: Iterable of str, read once.
            folder: Where the files go; made if it does not exist.

        Raises:
            DataError: The text does not support the vocabulary asked for.
        """

    def train_sides(self, sources: Iterable[str], targets: Iterable[str], folder: Path) -> None:
        """Do what `train` does, with the texts of two sides: here with all of them.

        Args:
            sources: Iterable of str, what a model reads.
            targets: Iterable of str, what it says.
            folder: Where the files go; made if it does not exist.

        Raises:
            DataError: The text does not support the vocabulary asked for.
        """
        self.train([*sources, *targets], folder)

    @abc.abstractmethod
    def load(self, folder: Path) -> None:
        """Load the vocabulary that `train` wrote to `folder`.

        Raises:
            DataError: The folder holds no vocabulary of this kind.
        """

    @property
    @abc.abstractmethod
    def size(self) -> int:
        """The number of ids, special ones included."""

    @abc.abstractmethod
    def tokenize(self, texts: Tensor) -> tf.RaggedTensor:
        """Return the ids of each text.

        Args:
            texts: tf.string (N,), UTF-8; bytes that are not UTF-8 count as unknown characters.

        Returns:
            tf.RaggedTensor int32 (N, None).
        """

    @abc.abstractmethod
    def detokenize(self, ids: tf.RaggedTensor) -> Tensor:
        """Return the text of each row of ids.

        PAD, BOS and EOS are skipped; UNK becomes "⁇".

        Args:
            ids: tf.RaggedTensor int32 (N, None).

        Returns:
            tf.string (N,).
        """

    def normalize(self, texts: Iterable[str]) -> list[str]:
        """Return the strs of a list as this tokenizer writes them, so that a model can say just that.

        It is what `detokenize(tokenize(texts))` gives where no character is unknown. By default texts are left as
        they are.
        """
        return list(texts)

    def pieces(self, ids: Iterable[int]) -> list[str]:
        """Return what stands for each id of a list where ids are shown to people: its text alone, as str."""
        numbers = list(ids)
        with tf.init_scope():  # now, also where a graph is being traced
            rows = tf.RaggedTensor.from_uniform_row_length(tf.constant(numbers, tf.int32), 1)
            texts = self.detokenize(rows).numpy()
        names = {PAD: "<pad>", UNK: "<unk>", BOS: "<s>", EOS: "</s>"}
        shown = zip(numbers, texts)
        return [names[number] if number in names else text.decode("utf-8", "replace") for number, text in shown]

    def own_ids(self, ids: tf.RaggedTensor) -> tf.RaggedTensor:
        """Return ids as the file numbers them that the vocabulary was made of: where it is trained here, the same.

        Args:
            ids: tf.RaggedTensor int32 (N, None), from `tokenize`.

        Returns:
            tf.RaggedTensor int32 (N, None), -1 for what the file has not.
        """
        return ids

    def draw(self, texts: Sequence[str], seeds: Sequence[int]) -> list[np.ndarray]:
        """Return the ids of each text by a segmentation drawn at random, as `sample` says, by a seed of its own.

        Args:
            texts: N strs.
            seeds: N integers, below 2³² - 1: the same seed gives the same.

        Returns:
            A list of N arrays, int32.
        """
        raise NotImplementedError(f"{type(self).__name__} has one segmentation of each text.")

    def encode(self, texts: Iterable[str]) -> tf.RaggedTensor:
        """Return the ids of each str of a list, as `tokenize` does."""
        return self.tokenize(tf.constant(list(texts), dtype=tf.string))


def read_vocabulary(path: Path) -> bytes:
    """Return the bytes of a vocabulary file, or say that it is missing."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise DataError(f"There is no vocabulary in {path.parent}: {path.name} is missing.") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from None


def write_vocabulary(path: StrPath, content: bytes) -> None:
    """Write the bytes to `path`, whole or not at all."""
    path = Path(path)
    with writing(path, DataError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, content)
