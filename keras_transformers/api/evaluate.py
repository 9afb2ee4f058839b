"""`kt.evaluate`: scores of a run or of a SavedModel on text."""

import contextlib
import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Any, Literal

from ..errors import RecipeError
from ..files import StrPath, to_json, whole
from ..recipe.overrides import Overrides
from ..runs.examples import read_for
from ..runs.notes import tell
from ..runs.run import Run, opened
from .export import is_saved_model
from .predict import answerer, exported_recipe


def evaluate(
    model: Run | StrPath,
    split: Literal["test", "valid", "train"] = "test",
    overrides: Overrides = (),
    out: StrPath | None = None,
) -> dict[str, Any]:
    """Return the task's metrics of a model's answers, the split, and how many examples it has.

    What was dropped in reading the text is told on standard error.

    Args:
        model: A `Run`, its folder, or a SavedModel's, as `export` writes.
        split: `test`, `valid` or `train`.
        overrides: Changes to the recipe, such as `["data.test.source=new.txt", "task.metrics=[chrf]"]`. A relative path
            among them starts from the working directory, unless `data.root` is among them too.
        out: File of JSON lines to write: for each example what was asked, the `answer`, the `reference`, and the score
            of the answer by each metric that scores one alone.

    Raises:
        RunError: It is not a finished run.
        ExportError: It is not a SavedModel of `export`.
        RecipeError: The recipe names no text for that split, an override does not fit it, or its task scores what a
            SavedModel does not give.
        DataError: The text cannot be read, or a metric cannot be computed on it.
    """
    from ..registry.assemble import assemble

    run: Run | None = None
    if is_saved_model(model):
        recipe, file = exported_recipe(model, overrides)
    else:
        run = opened(model, overrides)
        recipe, file = run.recipe, run.recipe_file
    tree = recipe.tree
    _require(tree, "data", file, "which would name the text to score the model on")
    _require(tree, "task", file, "which would say what is scored")
    if tree["data"].get(split) is None:
        raise RecipeError(f"{file} names no text for `data.{split}`.")
    task = assemble("task", tree["task"])
    if task.scores_model and (run is None or out is not None):
        why = "which a SavedModel does not give: evaluate its run" if run is None else "and gives no answers to write"
        raise RecipeError(f"`task/{tree['task']['type']}` scores what its model computes, {why}.")
    task.check_metrics()
    source = assemble("source", tree["data"][split], at=f"data.{split}")
    examples = read_for(task, source, tree["data"].get("root"), tree, split)
    tell(getattr(examples, "notes", ()))
    tell(task.check_references(examples, f"data.{split}"))
    if run is not None:
        tell(task.notes_on_references(examples, run.tokenizer(), f"data.{split}"))
    serving = answerer(model) if run is None else run.serving()
    with contextlib.nullcontext() if out is None else whole(out) as lines:
        scores, answers = task.score(serving, examples)
        if lines is not None:
            _write(lines, examples, answers, task.score_each(serving, answers, examples))
    return {**scores, "split": split, task.noun: len(examples)}


def _require(tree: dict[str, Any], section: str, file: Path, why: str) -> None:
    if tree.get(section) is None:
        raise RecipeError(f"{file} has no section `{section}`, {why}.")


def _write(lines: IO[str], examples: Any, answers: Sequence[Any], scores: Iterable[dict[str, Any]]) -> None:
    """Write a line of JSON for each example: what was asked, the answer, and what is to be said of it."""
    columns = getattr(examples, "inputs", {})  # a class of a plugin's own may not say
    asked = zip(*columns.values(), strict=True) if columns else itertools.repeat(())
    for row, answer, said in zip(asked, answers, scores):
        print(to_json({**dict(zip(columns, row)), "answer": answer, **said}), file=lines)
