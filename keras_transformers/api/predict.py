"""`kt.predict`: answers to new text."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import recipe as recipes
from ..annotations import Tensor
from ..errors import DataError, ExportError, RecipeError
from ..files import StrPath
from ..predictors.texts import several
from ..recipe.overrides import Overrides
from ..recipe.recipe import Recipe
from ..runs.run import Run, changed, opened
from .asking import Asking, ask
from .export import RECIPE, input_names, is_saved_model, load
from .refusals import refusals_told

CHUNK = 4096  # lines answered in one call


def predict(
    model: Run | StrPath,
    lines: Iterable[str],
    overrides: Overrides = (),
    n_best: int | None = None,
    seed: int | None = None,
    prefix: str | Sequence[str] | None = None,
) -> Iterator[dict[str, Any]]:
    """Yield the model's answer to each line: a dict of its outputs, such as `{"text": …, "score": …}`.

    Asked for several answers, with a seed or with a prefix, what generates yields for each line `texts`, the best
    first, their `scores`, and the `tokens` and `token_scores` of each.

    Args:
        model: A run's folder, or a SavedModel's, as `export` writes.
        lines: Strings; of a model with several inputs, their texts in order, separated by tabs.
        overrides: Changes to a run's recipe, such as `["task.length=64"]`, or of what generates `["task.search={type:
            beam, beams: 4}"]`; a SavedModel answers as it was exported.
        n_best: Answers of each line; a SavedModel has at most as many as it was exported with.
        seed: Of a search that draws its answers: the same line and seed have the same answers.
        prefix: How each answer begins: of all lines, or a list with one for each, "" where it may begin as it likes.

    Raises:
        RunError: The folder is neither.
        RecipeError: An override does not fit the recipe, or it is a SavedModel; or its search finds one answer only.
        DataError: A line has another number of texts than the model has inputs; or the model cannot read it.
    """
    asking = Asking(n_best, seed, prefix)
    if asking:
        return ask(model, lines, overrides, asking)
    return answers(answerer(model, overrides), lines)


def answers(answer: "Answerer", lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Yield the outputs of the `Answerer` for each line, as plain values by name."""
    columns = columns_of(lines, answer.inputs)
    for start in range(0, len(columns[0]), CHUNK):
        found = answer(*(column[start : start + CHUNK] for column in columns))
        values = {name: plain(value.numpy().tolist()) for name, value in found.items()}
        for row in zip(*values.values()):
            yield dict(zip(values, row))


@dataclass(frozen=True)
class Answerer:
    """A callable that answers texts, with the names of its inputs and of its main output.

    Args:
        function: From string (N,) for each input, in order, to a dict of tensors by name.
        inputs: Names of the inputs.
        answer: The output that is printed for people.
    """

    function: Callable[..., dict[str, Tensor]]
    inputs: tuple[str, ...]
    answer: str

    def __call__(self, *columns: Sequence[str]) -> dict[str, Tensor]:
        """Return the outputs by name, for lists of str, one for each input.

        Raises:
            DataError: The graph refuses a text, such as a prompt that is too long.
        """
        import tensorflow as tf

        with refusals_told():
            return self.function(*(tf.constant(column, tf.string) for column in columns))


def answerer(model: Run | StrPath, overrides: Overrides = ()) -> Answerer:
    """Return the `Answerer` of a `Run`, of its folder, or of a SavedModel's folder.

    Raises:
        RunError: The folder is neither.
        RecipeError: Overrides do not fit a run's recipe, or are for a SavedModel.
        ExportError: The SavedModel is not one that `export` wrote.
    """
    if is_saved_model(model):
        if overrides:
            raise RecipeError(f"{model} is a SavedModel, which answers as it was exported: export the run with --set.")
        function = load(model)
        return Answerer(function, function.inputs, function.answer)
    run = opened(model, overrides)
    serving = run.serving()
    return Answerer(serving, input_names(serving), run.task().answer)


def exported_recipe(directory: StrPath, overrides: Overrides = ()) -> tuple[Recipe, Path]:
    """Return the recipe of a SavedModel, as changed by overrides, and the file that it stands in.

    Raises:
        ExportError: There is none, or it cannot be used.
        RecipeError: The overrides do not fit it.
    """
    file = Path(directory) / RECIPE
    try:
        recipe = recipes.load(file)
    except RecipeError as error:
        raise ExportError(f"{file}, the recipe of the SavedModel, cannot be used: {error}") from None
    return changed(recipe, overrides) if overrides else recipe, file


def columns_of(lines: Iterable[str], inputs: Sequence[str]) -> list[list[str]]:
    """Return a list of texts for each input."""
    lines = several(lines)
    if len(inputs) == 1:
        return [lines]
    rows = [line.split("\t") for line in lines]
    for number, row in enumerate(rows, start=1):
        if len(row) != len(inputs):
            wanted = ", ".join(f"`{name}`" for name in inputs)
            raise DataError(
                f"Line {number} must hold {len(inputs)} texts separated by tabs ({wanted}), but has {len(row)}."
            )
    return [[row[column] for row in rows] for column in range(len(inputs))]


def plain(value: Any) -> Any:
    """Return nested lists with bytes as str."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
