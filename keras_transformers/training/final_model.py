"""Chooses, saves and scores the final weights of a training."""

from pathlib import Path
from typing import Any

import keras
import tensorflow as tf
from rich.console import Console

from ..files import write_json, writing
from ..runs.model import new_model
from ..runs.notes import say
from ..runs.run import Run
from .callbacks import best_index
from .fitting import Fitted, monitored
from .progress import ClosingTable
from .strategy import is_chief


def finish(fitted: Fitted, run: Run, console: Console) -> None:
    """Choose the final weights, save them, score them, write the report, and show it; of several workers, one does.

    Args:
        fitted: The `Fitted`.
        run: The `Run`.
        console: Where the closing table is shown.

    Raises:
        RunError: The run cannot be written.
    """
    encoded = fitted.built.encoded
    chosen = _choose(fitted)
    if not is_chief(fitted.built.trainer.distribute_strategy):
        return
    final = new_model(encoded.recipe, {"training.precision": "float32"})
    final.set_weights(fitted.built.model.get_weights())
    with writing(run.model_file):
        save_model(final, run.model_file)
    scores: dict[str, Any] = {}
    if encoded.valid is not None:
        serving = encoded.task.serving(final, encoded.tokenizer)
        scores, _ = encoded.task.score(serving, encoded.examples.valid)
    report = {
        "recipe": encoded.recipe.name,
        "parameters": final.count_params(),
        "weights": chosen,
        "valid": scores,
        "seconds": fitted.seconds,
        "versions": {"keras": keras.__version__, "tensorflow": tf.__version__},
    }
    with writing(run.report_file):
        write_json(run.report_file, report)
    named = {f"val_{name}": score for name, score in scores.items()}
    console.print(ClosingTable(fitted.history, named, encoded.recipe.name))
    say(f"final model: {chosen} → {run.model_file}", console)


def _choose(fitted: Fitted) -> str:
    """Put the final weights into the model, and say which they are."""
    history, encoded = fitted.history, fitted.built.encoded
    if fitted.built.settings.average_last > 1:
        count = fitted.checkpoints.load_average()
        if count > 1:
            return f"mean of the last {count} epochs"
    elif encoded.valid is not None:
        monitor = monitored(encoded)
        best = best_index([line[monitor] for line in history], monitor)
        if best is None:
            return f"epoch {history[-1]['epoch']}, the last: `{monitor}` never was a number"
        fitted.checkpoints.load_best()
        return f"epoch {history[best]['epoch']}, the best"
    return f"epoch {history[-1]['epoch']}, the last"


def save_model(model: keras.Model, path: Path) -> None:
    """Save `model` as a `.keras` file, which appears only when it is whole."""
    partial = path.with_name(f"partial-{path.name}")
    try:
        model.save(partial)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
