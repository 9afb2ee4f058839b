"""Scores of a run on held-out text, and answers to new text."""

from pathlib import Path

from .errors import RecipeError
from .reading import read_for
from .run import Run, load_run

CHUNK = 4096  # lines answered in one call


def evaluate(run, split="test"):
    """Return the task's metrics of a run's final model, the split, and how many examples it has.

    Args:
        run: A `Run`, or its folder.
        split: `test`, `valid` or `train`.

    Raises:
        RunError: It is not a finished run.
        RecipeError: The run's recipe names no text for that split.
        DataError: The text cannot be read.
    """
    from .models.assemble import assemble

    run = run if isinstance(run, Run) else load_run(run)
    tree = run.recipe.tree
    if tree.get("data") is None:
        raise RecipeError(f"{run.recipe_file} has no section `data`, which would name the text to score the run on.")
    if tree["data"].get(split) is None:
        raise RecipeError(f"{run.recipe_file} names no text for `data.{split}`.")
    task = run.task()
    source = assemble("source", tree["data"][split])
    examples = read_for(task, source, tree["data"].get("root"), tree, split)
    scores, _ = task.score(run.serving(), examples)
    return {**scores, "split": split, task.noun: len(examples)}


def predict(model, lines):
    """Yield `(text, score)`, the model's answer to each line and its log-probability.

    Args:
        model: A run's folder, or a SavedModel's, as `export` writes.
        lines: Strings.

    Raises:
        RunError: The folder is neither.
    """
    import tensorflow as tf

    lines = list(lines)
    answer = _answerer(model)
    for start in range(0, len(lines), CHUNK):
        found = answer(tf.constant(lines[start : start + CHUNK], tf.string))
        for text, score in zip(found["text"].numpy(), found["score"].numpy()):
            yield text.decode("utf-8", "replace"), float(score)


def _answerer(model):
    if isinstance(model, Run):
        return model.serving()
    if (Path(model) / "saved_model.pb").is_file():
        from .export import load

        return load(model)
    return load_run(model).serving()
