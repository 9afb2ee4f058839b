"""`kt.train`: read, tokenize, build, fit, keep."""

from contextlib import contextmanager
from pathlib import Path

import tensorflow as tf
from rich.console import Console

from .. import recipe as recipes
from ..errors import RunError, TrainingInterrupted
from ..files import replacing, writing
from ..registry import load_plugin
from ..runs.notes import say
from ..runs.run import Run, load_run, refuse_existing, run_path
from ..training.job import Job


def train(recipe, run=None, overrides=(), resume=False, overwrite=False, plugins=()):
    """Train a recipe and return its `Run`.

    Args:
        recipe: Name of a shipped recipe, path of a YAML file, dict, or a `Recipe`.
        run: Folder of the run; by default `runs/` and the recipe's name.
        overrides: `["training.epochs=3"]` or `{"training.epochs": 3}`, applied last.
        resume: Go on with the run that is there, from its last checkpoint.
        overwrite: Replace the run that is there.
        plugins: What registers components and is imported first: Python files, folders or names of modules.

    Raises:
        RecipeError: The recipe has problems, all of which are listed.
        DataError: The text cannot be read.
        RunError: The run directory cannot be written, or is taken.
        TrainingInterrupted: Ctrl-C; the checkpoint is kept.
    """
    for plugin in plugins:
        load_plugin(plugin)
    path = run_path(recipes.load(recipe, overrides), run)
    console = Console(stderr=True)
    if resume:
        run = load_run(path)
        tokenizer = run.tokenizer()
        job = Job(_settled(recipes.load(run.recipe, overrides), tokenizer), console, plugins)
        say(f"resuming with the run's own recipe, {run.recipe_file}", console)
        return _interruptible(job, run, tokenizer, run.history)
    recipe = recipes.load(recipe, overrides)
    refuse_existing(path, overwrite)
    job = Job(recipe, console, plugins)
    with replacing(path) as folder:
        with writing(path):
            staged = Run(folder)
            tokenizer = job.make_tokenizer(staged.tokenizer_folder)
            job.recipe = _settled(job.recipe, tokenizer)
            staged.write_recipe(job.recipe)
        with _telling_memory(job):  # here, so that a run that is replaced stays if this one cannot begin
            job.prepare(tokenizer)
            job.begin()
    return _interruptible(job, Run(path), tokenizer)


def _interruptible(job, run, tokenizer, history=()):
    """Fit; what stops it is said with the way to go on."""
    try:
        with _telling_memory(job):
            return job.fit(run, tokenizer, history)
    except KeyboardInterrupt:
        raise TrainingInterrupted(
            f"Interrupted; the last checkpoint is kept. Go on with: {run.resume_command(job.plugins)}"
        ) from None


@contextmanager
def _telling_memory(job):
    """Say what to do where memory does not suffice."""
    try:
        yield
    except tf.errors.ResourceExhaustedError:
        raise RunError(
            f"Memory is exhausted: lower `data.batch_tokens` ({job.data.batch_tokens}) with --set data.batch_tokens=N."
        ) from None


def _settled(recipe, tokenizer):
    """Return the recipe with what training has found out: vocabulary size, absolute paths."""
    found = {"model.vocab_size": tokenizer.size}
    for key, path in (("data.root", recipe.tree["data"].get("root")), ("weights", recipe.tree.get("weights"))):
        if path is not None:
            found[key] = str(Path(path).expanduser().resolve())
    return recipe.with_overrides(found)
