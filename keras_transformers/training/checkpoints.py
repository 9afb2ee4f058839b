"""Checkpoints of a run: the last for resuming, the best, and the last few for averaging."""

import numpy as np
import tensorflow as tf

from ..errors import RunError, first_line
from ..files import writing

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
        manager = tf.train.CheckpointManager
        self.last = manager(everything, folder / "last", max_to_keep=1)
        self.best = manager(self._of_weights(), folder / "best", max_to_keep=1)
        self.epochs = manager(self._of_weights(), folder / "epochs", max_to_keep=average)

    def _of_weights(self):
        return tf.train.Checkpoint(weights=self._weights)

    def save_last(self, epoch, batch=0):
        """Save all that resuming at this epoch and batch needs."""
        self.epoch.assign(epoch)
        self.batch.assign(batch)
        _save(self.last)

    def save_epoch(self, epoch, best):
        """Save the weights after `epoch` epochs; `best`: also as the best so far."""
        # Numbered by hand: TensorFlow's counter begins anew in a process that resumes.
        _save(self.epochs, epoch)
        if best:
            _save(self.best, epoch)

    def restore_last(self):
        """Go back to the last state saved, and return its epoch and batch, or None if none is."""
        if self.last.latest_checkpoint is None:
            return None
        try:
            self.last.checkpoint.restore(self.last.latest_checkpoint).assert_consumed()
        except (tf.errors.OpError, AssertionError, ValueError) as error:
            reason = first_line(error)
            raise RunError(
                f"{self.last.directory} does not hold this recipe's state ({reason}); the recipe "
                "must be the one that the run began with."
            ) from None
        return int(self.epoch.numpy()), int(self.batch.numpy())

    def load_best(self):
        """Load the weights of the best epoch."""
        self.best.checkpoint.restore(self.best.latest_checkpoint).expect_partial()

    def load_average(self):
        """Load the mean of the last epochs' weights, and return how many there were."""
        paths = self.epochs.checkpoints
        readers = [tf.train.load_checkpoint(path) for path in paths]
        for i, variable in enumerate(self._weights):
            if variable.dtype.is_floating:
                values = [reader.get_tensor(f"weights/{i}/{_VALUE}") for reader in readers]
                variable.assign(np.mean(values, axis=0, dtype=np.float64))
        return len(paths)


def _save(manager, number=None):
    with writing(manager.directory):
        manager.save(checkpoint_number=number)
