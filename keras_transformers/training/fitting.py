"""Runs `model.fit` with scores, checkpoints, logs and interruption."""

import gc
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import keras
from rich.console import Console

from ..errors import RunError, TrainingDiverged, TrainingInterrupted
from ..files import writing
from ..runs.notes import say
from ..runs.run import Run
from .building import Built
from .callbacks import Clock, CurrentEpoch, Divergence, Interruption, Keeper, Record, Scores
from .checkpoints import Checkpoints
from .encoding import Encoded
from .progress import LiveProgress
from .resuming import spans
from .strategy import is_chief


@dataclass(frozen=True)
class Fitted:
    """A model that has been fitted, and the epochs of it that are kept.

    Args:
        built: The `Built`, whose model holds the weights of the last update.
        checkpoints: The run's checkpoints.
        history: The logs of all epochs, one dict each.
        seconds: How long it took.
    """

    built: Built
    checkpoints: Checkpoints = field(repr=False)
    history: tuple[dict[str, Any], ...] = field(repr=False)
    seconds: float = 0.0


def fit(
    built: Built,
    run: Run,
    console: Console,
    plugins: Sequence[str] = (),
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> Fitted:
    """Train from where `built.start` says to the end, and return the `Fitted`.

    Args:
        built: The `Built`.
        run: The `Run` that keeps what comes of it.
        console: Where progress is shown.
        plugins: What the user named with --plugin, to be named again on resuming.
        callbacks: The user's own, which come after the scores of an epoch and before they are recorded.

    Raises:
        RunError: The run cannot be written, or its state is another recipe's.
        TrainingInterrupted: Ctrl-C; the checkpoint is kept.
        TrainingDiverged: A loss or a weight is no number; the last good checkpoint is kept.
    """
    encoded, settings, place = built.encoded, built.settings, built.start.place
    monitor = monitored(encoded)
    history = _comparable(run.history[: place.epoch], monitor, run)
    optimizer, fingerprint = built.trainer.optimizer, encoded.fingerprint.write()
    chief = is_chief(built.trainer.distribute_strategy)
    checkpoints = Checkpoints(run.checkpoint_folder, built.model, optimizer, settings.average_last, fingerprint, chief)
    if built.start.saved is not None:
        checkpoints.restore(built.start.saved)
    if chief:
        with writing(run.recipe_file):
            run.write_recipe(encoded.recipe)  # it fits the state: resuming may have changed it
    _announce(built, run, console)
    current, record = CurrentEpoch(place.epoch), Record(run, history, chief)
    keeper = Keeper(checkpoints, monitor, history, settings.patience)
    divergence = Divergence(checkpoints, run.resume_command(plugins), place.batch)
    interruption = Interruption(checkpoints, run.resume_command(plugins), place.batch)
    progress = LiveProgress(settings.epochs, encoded.train.batches, console)
    scores = []
    if encoded.valid is not None:
        serving = encoded.task.serving(built.model, encoded.tokenizer)
        scores = [Scores(encoded.task, serving, encoded.examples.valid)]
    callbacks = (*(settings.callbacks or ()), *callbacks)
    around = [divergence, current, Clock(), *scores, *callbacks, record, keeper, progress, interruption]
    start = time.perf_counter()
    with _released():
        try:
            for first, end, skip in spans(place.epoch, settings.epochs, place.batch):
                if keeper.exhausted or built.trainer.stop_training:
                    break
                built.trainer.fit(
                    encoded.train.dataset(lambda: current.epoch, skip),
                    validation_data=encoded.valid and encoded.valid.dataset(),
                    initial_epoch=first,
                    epochs=end,
                    callbacks=around,
                    shuffle=False,
                    verbose=0,
                )
        finally:
            interruption.restore()
            progress.close()
    return Fitted(built, checkpoints, tuple(record.lines), time.perf_counter() - start)


def monitored(encoded: Encoded) -> str:
    """Return the name in an epoch's logs that tells which epoch is best."""
    return "loss" if encoded.valid is None else encoded.task.monitor


@contextmanager
def _released() -> Iterator[None]:
    """Where training is stopped, let go of the data at once.

    What holds it is the traceback, to the end of the process; TensorFlow then complains that Python is gone.
    """
    try:
        yield
    except (TrainingInterrupted, TrainingDiverged, KeyboardInterrupt) as stop:
        error: BaseException | None = stop
        while error is not None:
            traceback.clear_frames(error.__traceback__)
            error = error.__context__
        gc.collect()
        raise


def _comparable(history: list[dict[str, Any]], monitor: str, run: Run) -> list[dict[str, Any]]:
    """Return `history`, whose epochs can be compared with those to come.

    Raises:
        RunError: The number that chooses the best epoch is not in it.
    """
    if all(monitor in line for line in history):
        return history
    raise RunError(
        f"{run.metrics_file} has no `{monitor}`, by which epochs are now compared: resume with the "
        "metrics and validation text that the run began with."
    )


def _announce(built: Built, run: Run, console: Console) -> None:
    encoded, place = built.encoded, built.start.place
    where = f", from epoch {place.epoch + 1}, batch {place.batch + 1}" if place.epoch or place.batch else ""
    batches = f"{encoded.train.batches:,} batch{'es' if encoded.train.batches > 1 else ''}"
    say(
        f": {built.model.count_params():,} parameters, {len(encoded.examples.train):,} {encoded.task.noun}, "
        f"{encoded.train.tokens:,} tokens an epoch in {batches}, "
        f"{encoded.recipe.tree['training']['precision']}{where} → {run.path}",
        console,
        lead=encoded.recipe.name,
    )
