"""`kt.predict`: answers to new text."""

from collections.abc import Callable
from dataclasses import dataclass

from ..errors import DataError
from ..predictors.predictor import several
from ..runs.run import Run, load_run
from .export import input_names, is_saved_model, load

CHUNK = 4096  # lines answered in one call


def predict(model, lines):
    """Yield the model's answer to each line: a dict of its outputs, such as `{"text": …, "score": …}`.

    Args:
        model: A run's folder, or a SavedModel's, as `export` writes.
        lines: Strings; of a model with several inputs, their texts in order, separated by tabs.

    Raises:
        RunError: The folder is neither.
        DataError: A line has another number of texts than the model has inputs.
    """
    return answers(answerer(model), lines)


def answers(answer, lines):
    """Yield the outputs of the `Answerer` for each line, as plain values by name."""
    columns = _columns(lines, answer.inputs)
    for start in range(0, len(columns[0]), CHUNK):
        found = answer(*(column[start : start + CHUNK] for column in columns))
        values = {name: _plain(value.numpy().tolist()) for name, value in found.items()}
        for row in zip(*values.values()):
            yield dict(zip(values, row))


@dataclass(frozen=True)
class Answerer:
    """What answers text, and how it is called.

    Args:
        function: From string (N,) for each input, in order, to a dict of tensors by name.
        inputs: Names of the inputs.
        answer: The output that is printed for people.
    """

    function: Callable
    inputs: tuple[str, ...]
    answer: str

    def __call__(self, *columns):
        """Return the outputs by name, for lists of str, one for each input."""
        import tensorflow as tf

        return self.function(*(tf.constant(column, tf.string) for column in columns))


def answerer(model):
    """Return the `Answerer` of a `Run`, of its folder, or of a SavedModel's folder.

    Raises:
        RunError: The folder is neither.
        ExportError: The SavedModel is not one that `export` wrote.
    """
    if is_saved_model(model):
        function = load(model)
        return Answerer(function, function.inputs, function.answer)
    run = model if isinstance(model, Run) else load_run(model)
    serving = run.serving()
    return Answerer(serving, input_names(serving), run.task().answer)


def _columns(lines, inputs):
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


def _plain(value):
    """Return nested lists with bytes as str."""
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
