"""Checkpoints of a run: the last for resuming, the best, and the last few for averaging."""

import shutil
import tempfile
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ..errors import RunError, first_line
from ..files import writing
from ..literal import literal

_VALUE = ".ATTRIBUTES/VARIABLE_VALUE"
WHOLE, MIDDLE = "last", "interrupted"


@dataclass(frozen=True)
class Place:
    """How far a training has come.

    Args:
        epoch: Epochs that are done.
        batch: Batches of the next epoch that are done.
        updates: Updates of the weights that were made.
    """

    epoch: int = 0
    batch: int = 0
    updates: int = 0


@dataclass(frozen=True)
class Saved:
    """A state to resume from, and what it says of itself.

    Args:
        path: The checkpoint.
        place: How far the training had come.
        fingerprint: What its batches were made of, as whoever saved it wrote it; None in runs of earlier versions.
    """

    path: str
    place: Place
    fingerprint: str | None = None


def saved_states(folder: Path) -> list[Saved]:
    """Return the states that a run can be resumed from, as a list of `Saved`, the furthest first.

    There are two at most: that at the end of an epoch and, where the training was interrupted in the middle of the
    next, that too.

    Args:
        folder: The run's checkpoint folder.

    Raises:
        RunError: One cannot be read.
    """
    states = [_read(folder / name) for name in (WHOLE, MIDDLE)]
    return sorted(filter(None, states), key=lambda saved: (saved.place.epoch, saved.place.batch), reverse=True)


def _read(folder: Path) -> Saved | None:
    state = tf.train.get_checkpoint_state(literal(folder))
    if state is None or not state.model_checkpoint_path:
        return None
    path = state.model_checkpoint_path
    try:
        reader = tf.train.load_checkpoint(literal(path))
        values = {name: reader.get_tensor(f"{name}/{_VALUE}") for name in ("epoch", "batch")}
        updates = reader.get_tensor(f"optimizer/0/{_VALUE}")  # Keras counts them first
        known = reader.has_tensor(f"fingerprint/{_VALUE}")
        fingerprint = reader.get_tensor(f"fingerprint/{_VALUE}").decode("utf-8") if known else None
    except (tf.errors.OpError, ValueError) as error:
        raise RunError(f"{folder} holds no state to resume from: {first_line(error)}") from None
    place = Place(int(values["epoch"]), int(values["batch"]), int(updates))
    return Saved(path, place, fingerprint)


class Checkpoints:
    """Saves and restores the state of a training.

    Args:
        folder: The run's checkpoint folder.
        model: The model, built.
        optimizer: Its optimizer, built.
        average: How many last epochs' weights to keep.
        fingerprint: What the batches are made of, for `Saved`.
        chief: Whether this process writes into `folder`. Of several workers all must save, since each may hold a
            part; what the others write is thrown away. All read the folder.
    """

    def __init__(
        self, folder: Path, model: keras.Model, optimizer: Any, average: int, fingerprint: str = "", chief: bool = True
    ) -> None:
        self.folder = folder
        self._written = folder if chief else self._scratch()
        self._place: Place | None = None
        self.epoch = tf.Variable(0, dtype=tf.int64)
        self.batch = tf.Variable(0, dtype=tf.int64)
        self.fingerprint = tf.Variable(fingerprint, dtype=tf.string)
        self._updates = optimizer.iterations
        self._weights = [variable.value for variable in model.variables]
        self._state = {
            "weights": self._weights,
            "optimizer": [variable.value for variable in optimizer.variables],
            "epoch": self.epoch,
            "batch": self.batch,
        }
        everything = tf.train.Checkpoint(**self._state, fingerprint=self.fingerprint)
        self.last = self._manager(WHOLE, everything, 1)
        self.middle = self._manager(MIDDLE, everything, 1)
        self.best = self._manager("best", self._of_weights(), 1)
        self.epochs = self._manager("epochs", self._of_weights(), average)

    def _manager(self, name: str, checkpoint: Any, keep: int) -> Any:
        return tf.train.CheckpointManager(checkpoint, literal(self._written / name), max_to_keep=keep)

    def _scratch(self) -> Path:
        """Return a folder that is removed with this object."""
        folder = tempfile.mkdtemp(prefix="keras-transformers-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        return Path(folder)

    def _of_weights(self) -> Any:
        return tf.train.Checkpoint(weights=self._weights)

    def save_last(self, epoch: int, batch: int = 0) -> None:
        """Save all that resuming at this epoch and batch needs.

        What was saved at the end of an epoch stays until the end of the next, so that an epoch can begin anew.
        """
        self.epoch.assign(epoch)
        self.batch.assign(batch)
        # Numbered by hand: TensorFlow's counter begins anew in a process that resumes, and would overwrite files.
        if batch:
            self._save(MIDDLE, self.middle, self._made)
        else:
            self._save(WHOLE, self.last, self._made)
            shutil.rmtree(self._written / MIDDLE, ignore_errors=True)
        self._place = Place(epoch, batch)

    @property
    def _made(self) -> int:
        """Updates that were made: of a variable that each replica has, the first one's."""
        return int(self._updates.value.numpy())

    def save_epoch(self, epoch: int, best: bool) -> None:
        """Save the weights after `epoch` epochs; `best`: also as the best so far."""
        self._save("epochs", self.epochs, epoch)
        if best:
            self._save("best", self.best, epoch)

    def _save(self, name: str, manager: Any, number: int | None = None) -> None:
        folder = self._written / name
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            literal(folder)  # a training may outlast what is kept for it in the folder of temporary files
            manager.save(checkpoint_number=number)

    def restore(self, saved: Saved) -> None:
        """Go back to a state.

        Args:
            saved: Of `saved_states`.

        Raises:
            RunError: It is that of another model or optimizer.
        """
        newer = {} if saved.fingerprint is None else {"fingerprint": tf.Variable("")}
        state = tf.train.Checkpoint(**self._state, **newer)
        try:
            state.restore(saved.path).assert_consumed()
        except (tf.errors.OpError, AssertionError, ValueError) as error:
            reason = first_line(error)
            raise RunError(
                f"{self.folder} does not hold this recipe's state ({reason}); the recipe "
                "must be the one that the run began with."
            ) from None
        self._place = saved.place

    @property
    def kept(self) -> str:
        """The last state that was saved, as a clause."""
        if self._place is None:
            return "no checkpoint was saved yet"
        epoch, batch = self._place.epoch, self._place.batch
        return f"the checkpoint after {f'batch {batch:,} of epoch {epoch + 1}' if batch else f'epoch {epoch}'} is kept"

    @property
    def are_numbers(self) -> bool:
        """Whether all weights are finite."""
        floats = [variable for variable in self._weights if variable.dtype.is_floating]
        return all(bool(tf.reduce_all(tf.math.is_finite(variable))) for variable in floats)

    def load_best(self) -> None:
        """Load the weights of the best epoch."""
        self.best.checkpoint.restore(self._read("best").model_checkpoint_path).expect_partial()

    def _read(self, name: str) -> Any:
        """Return what is in the run's folder, whoever has written it."""
        return tf.train.get_checkpoint_state(literal(self.folder / name))

    def load_average(self) -> int:
        """Load the mean of the last epochs' weights, and return how many there were."""
        paths = self._read("epochs").all_model_checkpoint_paths
        readers = [tf.train.load_checkpoint(literal(path)) for path in paths]
        for i, variable in enumerate(self._weights):
            if variable.dtype.is_floating:
                values = [reader.get_tensor(f"weights/{i}/{_VALUE}") for reader in readers]
                variable.assign(np.mean(values, axis=0, dtype=np.float64))
        return len(paths)
