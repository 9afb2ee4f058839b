"""Checkpoints of a run: the last for resuming, the best, and the last few for averaging."""

import numpy as np
import tensorflow as tf

from ..errors import RunError, first_line
from ..files import writing
from ..literal import literal

_VALUE = ".ATTRIBUTES/VARIABLE_VALUE"


class Checkpoints:
    """Saves and restores the state of a training.

    Args:
        folder: The run's checkpoint folder.
        model: The model, built.
        optimizer: Its optimizer, built.
        average: How many last epochs' weights to keep.
    """

    def __init__(self, folder, model, optimizer, average):
        self.epoch = tf.Variable(0, dtype=tf.int64)
        self.batch = tf.Variable(0, dtype=tf.int64)
        self._weights = [variable.value for variable in model.variables]
        everything = tf.train.Checkpoint(
            weights=self._weights,
            optimizer=[variable.value for variable in optimizer.variables],
            epoch=self.epoch,
            batch=self.batch,
        )
        self.folder = folder
        self.last = self._manager("last", everything, 1)
        self.best = self._manager("best", self._of_weights(), 1)
        self.epochs = self._manager("epochs", self._of_weights(), average)

    def _manager(self, name, checkpoint, keep):
        return tf.train.CheckpointManager(checkpoint, literal(self.folder / name), max_to_keep=keep)

    def _of_weights(self):
        return tf.train.Checkpoint(weights=self._weights)

    def save_last(self, epoch, batch=0):
        """Save all that resuming at this epoch and batch needs."""
        self.epoch.assign(epoch)
        self.batch.assign(batch)
        self._save("last", self.last)

    def save_epoch(self, epoch, best):
        """Save the weights after `epoch` epochs; `best`: also as the best so far."""
        # Numbered by hand: TensorFlow's counter begins anew in a process that resumes.
        self._save("epochs", self.epochs, epoch)
        if best:
            self._save("best", self.best, epoch)

    def _save(self, name, manager, number=None):
        folder = self.folder / name
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            literal(folder)  # a training may outlast what is kept for it in the folder of temporary files
            manager.save(checkpoint_number=number)

    def restore_last(self):
        """Go back to the last state saved, and return its epoch and batch, or None if none is."""
        if self.last.latest_checkpoint is None:
            return None
        try:
            self.last.checkpoint.restore(self.last.latest_checkpoint).assert_consumed()
        except (tf.errors.OpError, AssertionError, ValueError) as error:
            reason = first_line(error)
            raise RunError(
                f"{self.folder / 'last'} does not hold this recipe's state ({reason}); the recipe "
                "must be the one that the run began with."
            ) from None
        return int(self.epoch.numpy()), int(self.batch.numpy())

    def load_best(self):
        """Load the weights of the best epoch."""
        self.best.checkpoint.restore(self.best.latest_checkpoint).expect_partial()

    def load_average(self):
        """Load the mean of the last epochs' weights, and return how many there were."""
        paths = self.epochs.checkpoints
        readers = [tf.train.load_checkpoint(literal(path)) for path in paths]
        for i, variable in enumerate(self._weights):
            if variable.dtype.is_floating:
                values = [reader.get_tensor(f"weights/{i}/{_VALUE}") for reader in readers]
                variable.assign(np.mean(values, axis=0, dtype=np.float64))
        return len(paths)
