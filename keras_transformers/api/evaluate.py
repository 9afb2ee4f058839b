"""`kt.evaluate`: scores of a run on held-out text."""

from ..errors import RecipeError
from ..runs.examples import read_for
from ..runs.notes import tell
from ..runs.run import Run, load_run


def evaluate(run, split="test"):
    """Return the task's metrics of a run's final model, the split, and how many examples it has.

    What was dropped in reading the text is told on standard error.

    Args:
        run: A `Run`, or its folder.
        split: `test`, `valid` or `train`.

    Raises:
        RunError: It is not a finished run.
        RecipeError: The run's recipe names no text for that split.
        DataError: The text cannot be read, or a metric cannot be computed on it.
    """
    from ..registry.assemble import assemble

    run = run if isinstance(run, Run) else load_run(run)
    tree = run.recipe.tree
    if tree.get("data") is None:
        raise RecipeError(f"{run.recipe_file} has no section `data`, which would name the text to score the run on.")
    if tree["data"].get(split) is None:
        raise RecipeError(f"{run.recipe_file} names no text for `data.{split}`.")
    task = run.task()
    task.check_metrics()
    source = assemble("source", tree["data"][split], at=f"data.{split}")
    examples = read_for(task, source, tree["data"].get("root"), tree, split)
    tell(getattr(examples, "notes", ()))
    tell(task.check_references(examples, f"data.{split}"))
    tell(task.notes_on_references(examples, run.tokenizer(), f"data.{split}"))
    scores, _ = task.score(run.serving(), examples)
    return {**scores, "split": split, task.noun: len(examples)}
