"""A time limit for trainings, such as a cluster's job limit (slot `callback`)."""

import time
from typing import Any

import keras

from ..signature import Positive, register


@register("callback", "time_limit")
class TimeLimit(keras.callbacks.Callback):
    """Ends the training after an epoch, if another like the longest would take it beyond a time.

    The run is finished as if it had no more epochs; `--resume` with more goes on.

    Args:
        minutes: From the beginning of `fit`.
    """

    def __init__(self, minutes: Positive) -> None:
        super().__init__()
        self.minutes = minutes
        self._start: float | None = None
        self._longest = 0.0

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        self._start = self._start or time.monotonic()  # a training that was resumed is fitted in two parts

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._epoch = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        now = time.monotonic()
        self._longest = max(self._longest, now - self._epoch)
        if self._start is not None and now + self._longest > self._start + 60 * self.minutes:
            self.model.stop_training = True
