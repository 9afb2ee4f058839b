"""One training, from a recipe to a finished run: read → settle → encode → build → fit → finish.

Each step takes the value that the one before has made, and makes another; none changes what it was given.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import keras
import tensorflow as tf
from rich.console import Console

from ..errors import RunError, TrainingInterrupted
from ..files import replacing, writing
from ..recipe.recipe import Recipe
from ..runs.notes import say, tell
from ..runs.run import Run
from .building import Built, build
from .encoding import Encoded, encode, new_tokenizer
from .examples import Examples, read, settle, settle_precision, settle_tokenizer
from .final_model import finish
from .fitting import fit
from .resuming import Start, starting_place

Told = TypeVar("Told", Examples, Encoded, Start, Built)


@dataclass(frozen=True)
class Job:
    """What is to be trained, and who is told of it.

    Args:
        recipe: The resolved recipe.
        console: Where the user is told.
        plugins: What the user named with --plugin.
        callbacks: The user's own callbacks.
        log: Called with the run's folder as soon as it is there, for whoever keeps what TensorFlow says.
    """

    recipe: Recipe
    console: Console
    plugins: tuple[str, ...] = ()
    callbacks: tuple[keras.callbacks.Callback, ...] = ()
    log: Callable[[Path], object] = lambda folder: None


def start(job: Job, path: Path) -> Run:
    """Train a recipe in a new run, which takes the place of what is at `path`, and return the `Run`.

    The run appears once the first step could be made: until then, whatever is at `path` stays.
    """
    examples = _settled(job, settle_tokenizer)
    with replacing(path) as folder:
        staged = Run(folder)
        with writing(path):
            tokenizer = new_tokenizer(examples, staged.tokenizer_folder)
        with _explained(job):
            encoded = _told(job, encode(examples, tokenizer))
            with writing(path):
                staged.write_recipe(encoded.recipe)
            built = _told(job, build(encoded))
    return _trained(job, built, Run(path))


def resume(job: Job, run: Run) -> Run:
    """Go on with a run from its last state, and return it."""
    say(f"resuming with the run's own recipe, {run.recipe_file}", job.console)
    before, now = run.recipe.tree, job.recipe.tree
    changed = any(before.get(key) != now.get(key) for key in ("data", "seed"))
    with _explained(job, run):
        encoded = _told(job, encode(_settled(job), run.tokenizer()))
        place = _told(job, starting_place(run, encoded.fingerprint, now["training"]["epochs"], changed))
        built = _told(job, build(encoded, place))
    return _trained(job, built, run)


def _settled(job: Job, more: Callable[[Examples], Examples] = lambda examples: examples) -> Examples:
    return _told(job, settle_precision(more(settle(read(job.recipe)))))


def _trained(job: Job, built: Built, run: Run) -> Run:
    job.log(run.path)
    with _explained(job, run):
        fitted = fit(built, run, job.console, job.plugins, job.callbacks)
        finish(fitted, run, job.console)
    return run


def _told(job: Job, value: Told) -> Told:
    """Tell the user what a step has to say, and return what it has made."""
    tell(value.notes, job.console)
    return value


@contextmanager
def _explained(job: Job, run: Run | None = None) -> Iterator[None]:
    """Say what to do where memory does not suffice, and how to go on after Ctrl-C."""
    try:
        yield
    except tf.errors.ResourceExhaustedError:
        again = "" if run is None else f"{run.resume_command(job.plugins)} "
        raise RunError(
            f"Memory is exhausted: lower `data.batch_tokens` ({job.recipe.tree['data']['batch_tokens']}) with "
            f"{again}--set data.batch_tokens=N"
        ) from None
    except KeyboardInterrupt:
        if run is None:
            raise
        raise TrainingInterrupted(
            f"Interrupted; the last checkpoint is kept. Go on with: {run.resume_command(job.plugins)}"
        ) from None
