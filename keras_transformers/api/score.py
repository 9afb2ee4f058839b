"""`kt.score`: how probable a model finds texts that are given."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ..annotations import Tensor
from ..errors import DataError, ExportError, RecipeError
from ..files import StrPath
from ..predictors.texts import several
from ..runs.run import Run, opened
from .export import input_names, is_saved_model, load
from .predict import CHUNK, Answerer, columns_of, plain

SCORE = "score"
"""The signature of a SavedModel that scores."""
PAIR = ("text", "target")
"""Its inputs, of a model that translates."""


def score(
    model: Run | StrPath, texts: Iterable[str] | Iterable[tuple[str, str]], tokens: bool = False
) -> Iterator[dict[str, Any]]:
    """Yield the log-probability of each pair or text, a dict: `{"score": …}`.

    The end token counts as what is said last, and probabilities are taken among the tokens that answers are made of: a
    model's greedy answer has the score that `predict` gives it.

    Args:
        model: A `Run`, its folder, or a SavedModel's, as `export` writes.
        texts: Of a translation, pairs of a source and a target, which may be ""; of a language model, texts.
        tokens: Whether each dict also holds `tokens`, the pieces of the text and the end token, and `token_scores`,
            their log-probabilities.

    Raises:
        RunError: The folder is neither.
        RecipeError: The run's task generates no text.
        ExportError: The SavedModel scores nothing, or is not one that `export` wrote.
        DataError: What is given are no pairs, or no texts; or one is longer than the model can read.
    """
    answer = scorer(model)
    return scores(answer, columns_of_texts(answer, texts), tokens)


def scorer(model: Run | StrPath) -> Answerer:
    """Return the `Answerer` by which to score, of a `Run`, of its folder, or of a SavedModel's folder.

    Raises:
        RunError: The folder is neither.
        RecipeError: The run's task generates no text.
        ExportError: The SavedModel scores nothing, or is not one that `export` wrote.
    """
    if is_saved_model(model):
        return _of_saved_model(model)
    run = opened(model)
    serving = run.serving()
    found = serving.scorer() if hasattr(serving, "scorer") else None
    if found is None:
        raise RecipeError(
            f"{run} cannot score texts: `task/{run.recipe.tree['task']['type']}` generates none. Its own answers are "
            "those of `keras-transformers predict`."
        )
    return Answerer(found, input_names(found), SCORE)


def scores(answer: Answerer, columns: Sequence[Sequence[str]], tokens: bool = False) -> Iterator[dict[str, Any]]:
    """Yield a dict of plain values for each row of `columns`, which are texts for each input."""
    for start in range(0, len(columns[0]), CHUNK):
        try:
            found = answer(*(column[start : start + CHUNK] for column in columns))
        except DataError as error:
            raise DataError(_counted_from(str(error), start)) from None
        values = {name: plain(value.numpy().tolist()) for name, value in found.items()}
        for total, pieces, each in zip(values["score"], values["tokens"], values["token_scores"]):
            length = max(at for at, piece in enumerate(pieces, start=1) if piece)  # the end token shows something
            more = {"tokens": pieces[:length], "token_scores": each[:length]} if tokens else {}
            yield {"score": total, **more}


def columns_of_texts(answer: Answerer, texts: Iterable[Any]) -> list[list[str]]:
    """Return a list of texts for each input, from texts or from pairs.

    Raises:
        DataError: They are not what the model scores.
    """
    given = several(texts)
    width = len(answer.inputs)
    wanted = "a pair of two texts, source and target" if width == 2 else "a text"
    for number, row in enumerate(given, start=1):
        parts = row if isinstance(row, tuple | list) and width > 1 else [row]
        if len(parts) != width or not all(isinstance(part, str) for part in parts):
            raise DataError(f"Line {number} must be {wanted}, but is {row!r:.60}.")
    return [[row[column] for row in given] for column in range(width)] if width > 1 else [given]


def columns_of_lines(answer: Answerer, lines: Iterable[str]) -> list[list[str]]:
    """Return a list of texts for each input, from lines: pairs are separated by a tab.

    Raises:
        DataError: A line holds another number of texts.
    """
    return columns_of(lines, answer.inputs)


def _of_saved_model(directory: StrPath) -> Answerer:
    loaded = load(directory).saved_model
    if SCORE not in loaded.signatures:
        raise ExportError(
            f"{directory} is a SavedModel without the signature `{SCORE}`: its task generates no text, or it was "
            "exported by an older version; then export the run again."
        )
    signature = loaded.signatures[SCORE]
    takes = set(signature.structured_input_signature[1])
    inputs = PAIR if takes == set(PAIR) else tuple(takes)

    def call(*texts: Tensor) -> Any:
        return signature(**dict(zip(inputs, texts, strict=True)))

    call.saved_model = loaded  # type: ignore[attr-defined]  # keeps its variables alive
    return Answerer(call, inputs, SCORE)


def _counted_from(sentence: str, start: int) -> str:
    """Return a sentence with `start` added to the number of the line that it names."""
    return re.sub(r"(?<= line )\d+", lambda found: str(int(found[0]) + start), sentence, count=1)
