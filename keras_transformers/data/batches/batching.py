"""Batches of a bounded number of tokens, cut from examples sorted by length.

B batch, S source length, T target length. A batch of one fixed number of sentences is mostly
padding; one cut to a number of tokens from sentences of nearly equal length has almost none.
"""

import abc
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import tensorflow as tf

from ...annotations import Tensor
from ...text.special import BOS, EOS, PAD

if TYPE_CHECKING:
    from .drawn import Drawn

LATER = {"later": True}
"""Metadata of a field that batches of older versions have not: at its default, fingerprints are theirs."""

STEP = 2
"""Lengths are padded to multiples of this, which bounds the number of different batch shapes.

Each shape costs oneDNN (and XLA) a plan of its own; with a hundred of them its cache overflows.
"""

Rows = np.ndarray
"""Numbers of examples (B,)."""


@dataclass(frozen=True)
class Ids:
    """Sentences as ids, end to end: sentence i is `flat[starts[i]:starts[i + 1]]`."""

    flat: np.ndarray
    starts: np.ndarray

    @classmethod
    def of(cls, ragged: tf.RaggedTensor) -> Self:
        """Return the ids of a `tf.RaggedTensor` (N, None)."""
        return cls(ragged.flat_values.numpy().astype(np.int32), ragged.row_splits.numpy())

    @property
    def lengths(self) -> np.ndarray:
        """Length of each sentence, shape (N,)."""
        return np.diff(self.starts)

    def padded(
        self, rows: Rows, width: int, before: Iterable[int] = (), after: Iterable[int] = (), fill: int = PAD
    ) -> np.ndarray:
        """Return sentences `rows` as (B, width) int32, between ids `before` and `after`."""
        table = np.full((len(rows), width), fill, np.int32)
        for line, row in zip(table, rows):
            ids = self.flat[self.starts[row] : self.starts[row + 1]]
            whole = np.concatenate([before, ids, after])
            line[: len(whole)] = whole
        return table


class Batches(abc.ABC):
    """Examples as ids, which can be had in batches.

    Attributes:
        lengths: List of arrays (N,): the lengths of each of the sequences that an example has.
        tokens: Number of real tokens in an epoch.
        batch_tokens: Most tokens in a batch, padding included.
        seed: Seed of the order of batches, and of all else that is drawn.
        ids: Names of the inputs that hold the text, as ids, and `PAD` where there is none.
    """

    lengths: Any
    tokens: Any
    batch_tokens: Any
    seed: Any
    ids: tuple[str, ...] = ("tokens",)

    @abc.abstractmethod
    def batch(self, rows: Rows, rng: np.random.Generator | None = None) -> tuple[Any, Any]:
        """Return `(inputs, labels)` of the examples `rows`: arrays, or dicts of arrays by name.

        Args:
            rows: Numbers of the examples (B,).
            rng: A `np.random.Generator` of this batch's own, for what is drawn anew in each epoch.
        """

    def plan(self, epoch: int | None = None) -> list[np.ndarray]:
        """Return the batches of an epoch: arrays of the examples' numbers.

        The same seed and epoch give the same plan. Without an epoch, nothing is shuffled.
        """
        rng = None if epoch is None else np.random.default_rng((self.seed, epoch))
        batches = cut_batches(self.lengths, self.batch_tokens, rng)
        if rng is not None:
            rng.shuffle(batches)
        return batches

    @property
    def batches(self) -> int:
        """Number of batches in an epoch: the same in each, since lengths alone decide it."""
        return len(self.plan())

    def dataset(self, epoch: Callable[[], int] | None = None, skip: int = 0) -> tf.data.Dataset:
        """Return a `tf.data.Dataset` of batches.

        What a batch draws depends on seed, epoch and the batch's number alone, so that it is the
        same after an interruption.

        Args:
            epoch: Called at the start of each pass for the number of the epoch; None: no shuffle.
            skip: Batches to leave out at the start (resuming in the middle of an epoch).
        """

        def batches() -> Iterator[tuple[Any, Any]]:
            now = epoch() if epoch else None
            for number, rows in enumerate(self.plan(now)):
                if number >= skip:
                    yield self.batch(rows, self._draws(now, number))

        dataset = tf.data.Dataset.from_generator(batches, output_signature=self._signature())
        # Keras takes the first pass's length for that of all, and warns, unless it is told.
        return dataset.apply(tf.data.experimental.assert_cardinality(self.batches - skip)).prefetch(8)

    def real_tokens(self, inputs: dict[str, Tensor]) -> Tensor:
        """Return how many real tokens the inputs of a batch hold, an int64 scalar."""
        return tf.add_n([tf.math.count_nonzero(tf.not_equal(inputs[name], PAD)) for name in self.ids])

    def sample(self) -> tuple[Any, Any]:
        """Return the batch of one example, the first of the plan."""
        return self.batch(self.plan()[0][:1], self._draws(None, 0))

    def _draws(self, epoch: int | None, number: int) -> np.random.Generator | None:
        """Return the generator of a batch; without an epoch, the same in each pass."""
        return draws(self.seed, epoch, number)

    def _signature(self) -> Any:
        def spec(array: Any) -> tf.TensorSpec:
            return tf.TensorSpec((None,) * np.ndim(array), np.asarray(array).dtype)

        return tf.nest.map_structure(spec, self.sample())


def draws(seed: int, epoch: int | None, number: int) -> np.random.Generator:
    """Return the generator of the batch `number` of an epoch; without an epoch, the same in each pass."""
    return np.random.default_rng((seed, 0 if epoch is None else epoch + 1, number, 1))


@dataclass(frozen=True)
class EncodedPairs(Batches):
    """Pairs of sentences as ids, ready to be batched.

    Args:
        sources: Source ids, without special ids.
        targets: Target ids, without special ids.
        batch_tokens: Most tokens in a batch, padding included, source and target together.
        seed: Seed of the order of batches.
        start: The id that each target begins with.
        drawn_sources: Segmentations of the sources that are drawn anew in each epoch; none: they have one.
        drawn_targets: Those of the targets.
    """

    ids = ("source", "target")  # with its start token, a target has as many as its labels

    sources: Ids
    targets: Ids
    batch_tokens: int
    seed: int = 0
    start: int = field(default=BOS, metadata=LATER)
    drawn_sources: "Drawn | None" = field(default=None, metadata=LATER)
    drawn_targets: "Drawn | None" = field(default=None, metadata=LATER)

    @property
    def lengths(self) -> list[np.ndarray]:
        return [(self.drawn_sources or self.sources).lengths + 1, (self.drawn_targets or self.targets).lengths + 1]

    @property
    def tokens(self) -> int:
        """Number of real tokens that an epoch trains on, end tokens included."""
        return len(self.sources.flat) + len(self.targets.flat) + 2 * len(self.sources.lengths)

    def batch(self, rows: Rows, rng: np.random.Generator | None = None) -> tuple[Any, Any]:
        """Return `({"source", "target"}, labels)` for sentences `rows`, each (B, S) or (B, T).

        `target` begins with the start token; `labels` are the same ids one step later. Segmentations are drawn where
        there is a generator.
        """
        sources, its_rows = _now(self.sources, self.drawn_sources, rows, rng)
        targets, rows = _now(self.targets, self.drawn_targets, rows, rng)
        width = _width(targets.lengths[rows])
        inputs = {
            "source": sources.padded(its_rows, _width(sources.lengths[its_rows]), after=[EOS]),
            "target": targets.padded(rows, width, before=[self.start]),
        }
        return inputs, targets.padded(rows, width, after=[EOS])

    def _draws(self, epoch: int | None, number: int) -> np.random.Generator | None:
        """Return the generator of a batch; without an epoch, as in evaluation, none: nothing is drawn."""
        return None if epoch is None else super()._draws(epoch, number)


def _now(ids: Ids, drawn: "Drawn | None", rows: Rows, rng: np.random.Generator | None) -> tuple[Ids, Rows]:
    """Return the ids of a batch, and where in them its sentences are."""
    if drawn is None or rng is None:
        return ids, rows
    return drawn.ids(rows, rng), np.arange(len(rows))


def padded_lengths(lengths: np.ndarray) -> np.ndarray:
    """Return `lengths` rounded up to multiples of `STEP`."""
    return -(-lengths // STEP) * STEP


def _width(lengths: np.ndarray) -> int:
    """Return the width of a table of sentences of these lengths, each with one special id."""
    return int(padded_lengths(lengths.max() + 1))


def cut_batches(
    lengths: list[np.ndarray], batch_tokens: int, rng: np.random.Generator | None = None
) -> list[np.ndarray]:
    """Cut examples, sorted by the last of their lengths, then the one before, into batches.

    A batch of B examples takes B times the sum of its longest lengths, padded to multiples of
    `STEP`; that is at most `batch_tokens`, unless one example alone is longer.

    Args:
        lengths: List of arrays (N,), one for each of the sequences that an example has: of a
            pair, those of its source and of its target.
        batch_tokens: Most tokens in a batch.
        rng: Shuffles examples of the same lengths among themselves.

    Returns:
        A list of arrays of the examples' numbers.
    """
    lengths = [padded_lengths(array) for array in lengths]
    count = len(lengths[0])
    order = np.arange(count) if rng is None else rng.permutation(count)
    order = order[np.lexsort([array[order] for array in lengths])]
    batches, start = [], 0
    longest: Sequence[int] = [0] * len(lengths)
    for end, sizes in enumerate(zip(*(array[order].tolist() for array in lengths))):
        wider: Sequence[int] = [max(pair) for pair in zip(longest, sizes)]
        if end > start and (end - start + 1) * sum(wider) > batch_tokens:
            batches.append(order[start:end])
            start, wider = end, sizes
        longest = wider
    if start < count:
        batches.append(order[start:])
    return batches
