"""Callbacks of `model.fit`: scores, checkpoints, logs, divergence, interruption."""

import math
import signal
import threading
import time
from collections.abc import Iterable, Sequence
from types import FrameType
from typing import Any, NoReturn

import keras
import tensorflow as tf

from ..annotations import Logs
from ..errors import TrainingDiverged, TrainingInterrupted
from ..files import write_json_lines, writing
from ..runs.run import Run
from ..tasks.task import Task
from .checkpoints import Checkpoints


class CurrentEpoch(keras.callbacks.Callback):
    """Knows which epoch is under way, so that its batches can be planned."""

    def __init__(self, epoch: int) -> None:
        super().__init__()
        self.epoch = epoch

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self.epoch = epoch


class Clock(keras.callbacks.Callback):
    """Adds to the logs of an epoch its seconds of training, real tokens a second, learning rate."""

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self.start = time.perf_counter()
        self.stop: float | None = None

    def on_test_begin(self, logs: Logs = None) -> None:
        self.stop = self.stop or time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        seconds = (self.stop or time.perf_counter()) - self.start
        logs.pop("val_tokens", None)
        tokens = float(logs.pop("tokens"))
        logs["tokens_per_second"] = tokens / seconds
        logs["seconds"] = seconds
        logs["learning_rate"] = float(self.model.optimizer.learning_rate)


class Scores(keras.callbacks.Callback):
    """Adds to the logs of an epoch the task's metrics on the validation text.

    Args:
        task: Has `score`.
        serving: The module that answers text.
        examples: The validation text.
    """

    def __init__(self, task: Task, serving: Any, examples: Any) -> None:
        super().__init__()
        self.task, self.serving, self.examples = task, serving, examples

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        start = time.perf_counter()
        scores, _ = self.task.score(self.serving, self.examples)
        logs.update({f"val_{name}": score for name, score in scores.items() if isinstance(score, (int, float))})
        logs["val_seconds"] = time.perf_counter() - start


class Divergence(keras.callbacks.Callback):
    """Stops at the step whose loss is no number, before anything after it is saved.

    The loss in the logs is a mean since the epoch's beginning: one that is no number stays so. It must come
    before the callbacks that save.

    Args:
        checkpoints: Tell what is kept.
        resume: The command that goes on.
        first_batch: Batches of the first epoch that were done before this process.
    """

    def __init__(self, checkpoints: Checkpoints, resume: str, first_batch: int = 0) -> None:
        super().__init__()
        self.checkpoints, self.resume, self.done = checkpoints, resume, first_batch
        self.epoch = 0

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self.epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self.done += 1
        self._require_number(float(logs["loss"]), f"The loss is {{}} in epoch {self.epoch + 1}, batch {self.done}")

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self.done = 0
        self._require_number(logs.get("val_loss", 0.0), f"The validation loss is {{}} after epoch {epoch + 1}")
        if not self.checkpoints.are_numbers:
            self._stop(f"Weights are NaN or infinite after epoch {epoch + 1}")

    def _require_number(self, value: float, where: str) -> None:
        if not math.isfinite(value):
            self._stop(where.format("NaN" if math.isnan(value) else "infinite"))

    def _stop(self, what: str) -> NoReturn:
        raise TrainingDiverged(
            f"{what}: training has stopped, and {self.checkpoints.kept}. Lower the learning rate (`training.schedule`) "
            f"or clip the gradients to less (`training.optimizer.clip_norm`), with --set, and go on with: {self.resume}"
        )


class Keeper(keras.callbacks.Callback):
    """Saves the last state and the best weights, and stops when there is no better any more.

    Args:
        checkpoints: Where to save.
        monitor: Name in the logs; higher is better unless it ends with `loss`.
        history: The logs of epochs before this process (resuming).
        patience: Epochs without a better value after which training stops; None: never.
    """

    def __init__(
        self,
        checkpoints: Checkpoints,
        monitor: str,
        history: Iterable[dict[str, Any]] = (),
        patience: int | None = None,
    ) -> None:
        super().__init__()
        self.checkpoints, self.monitor, self.patience = checkpoints, monitor, patience
        self.values = [line[monitor] for line in history]

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self.values.append(logs[self.monitor])
        best = best_index(self.values, self.monitor)
        self.checkpoints.save_epoch(epoch + 1, best=best == len(self.values) - 1)
        self.checkpoints.save_last(epoch + 1)
        self.model.stop_training = self.exhausted or self.model.stop_training  # a callback of the user's may have asked

    @property
    def exhausted(self) -> bool:
        """Whether the last `patience` epochs were no better than one before them."""
        if self.patience is None or not self.values:
            return False
        best = best_index(self.values, self.monitor)
        return len(self.values) - (0 if best is None else best + 1) >= self.patience


def best_index(values: Sequence[Any], monitor: str) -> int | None:
    """Return the number of the first best value; None if none is a number.

    Args:
        values: A float for each epoch; None, NaN and infinite ones are never the best.
        monitor: Their name; higher is better unless it ends with `loss`.
    """
    sign = -1 if monitor.endswith("loss") else 1
    numbers = [i for i, value in enumerate(values) if is_number(value)]
    return max(numbers, key=lambda i: (sign * values[i], -i), default=None)


class Record(keras.callbacks.Callback):
    """Writes the logs of each epoch to metrics.jsonl and for TensorBoard.

    What is not finite, such as a correlation with answers that are all alike, is null in metrics.jsonl.

    Args:
        run: The run directory.
        history: The lines to keep of what is there (resuming).
        chief: Whether this process writes; else the lines are kept in memory alone.
    """

    def __init__(self, run: Run, history: Iterable[dict[str, Any]] = (), chief: bool = True) -> None:
        super().__init__()
        self.run, self.lines, self.chief = run, list(history), chief
        if chief:
            with writing(run.tensorboard_folder):
                self.writer = tf.summary.create_file_writer(str(run.tensorboard_folder))

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        numbers = {name: float(value) for name, value in logs.items()}
        step = int(self.model.optimizer.iterations.value.numpy())
        finite = {name: value if is_number(value) else None for name, value in numbers.items()}
        self.lines.append({"epoch": epoch + 1, "step": step, **finite})
        if self.chief:
            self._write(step, numbers)

    def _write(self, step: int, numbers: dict[str, float]) -> None:
        with writing(self.run.metrics_file):
            write_json_lines(self.run.metrics_file, self.lines)
        with writing(self.run.tensorboard_folder), self.writer.as_default(step=step):
            for name, value in numbers.items():
                tf.summary.write(name, tf.constant(value, tf.float32), metadata=_scalar())
            self.writer.flush()


class Interruption(keras.callbacks.Callback):
    """Turns Ctrl-C (or a cluster's SIGTERM) into a checkpoint and a sentence.

    The step under way is finished first. A second Ctrl-C stops at once.

    Args:
        checkpoints: Where to save.
        resume: The command that goes on.
        first_batch: Batches of the first epoch that were done before this process.
    """

    SIGNALS = (signal.SIGINT, signal.SIGTERM)

    def __init__(self, checkpoints: Checkpoints, resume: str, first_batch: int = 0) -> None:
        super().__init__()
        self.checkpoints, self.resume, self.done = checkpoints, resume, first_batch
        self.epoch, self.asked = 0, False
        self.before: dict[signal.Signals, Any] = {}

    def on_train_begin(self, logs: Logs = None) -> None:
        if threading.current_thread() is threading.main_thread():
            self.before = {number: signal.signal(number, self._ask) for number in self.SIGNALS}

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        self.epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        self.done += 1
        ended = batch + 1 == self.params["steps"]  # then `on_epoch_end` comes first
        if self.asked and not ended:
            if self.checkpoints.are_numbers:
                self.checkpoints.save_last(self.epoch, self.done)
            self._stop()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        self.done = 0
        if self.asked:
            self._stop()

    def restore(self) -> None:
        """Give the signals back."""
        for number, handler in self.before.items():
            signal.signal(number, handler)
        self.before = {}

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
        self.restore()

    def _stop(self) -> NoReturn:
        raise TrainingInterrupted(
            f"Interrupted in epoch {self.epoch + 1}; the checkpoint is kept. Go on with: {self.resume}"
        )


def _scalar() -> Any:
    """Return the metadata of a scalar; `tf.summary.scalar` itself needs TensorBoard installed."""
    metadata = tf.compat.v1.SummaryMetadata()
    metadata.plugin_data.plugin_name = "scalars"
    return metadata


def is_number(value: Any) -> bool:
    """Tell whether `value` is a finite number."""
    return isinstance(value, (int, float)) and math.isfinite(value)
