"""Asking what generates for more than one answer each: n-best lists, scores of tokens, prefixes and seeds."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ..annotations import Tensor
from ..errors import DataError, ExportError, RecipeError
from ..files import StrPath
from ..predictors.texts import several
from ..recipe.overrides import Overrides
from ..runs.run import Run, opened
from .export import is_saved_model, load
from .refusals import refusals_told

SIGNATURE = "answers"
CHUNK = 4096  # lines answered in one call


@dataclass(frozen=True)
class Asking:
    """How a model that generates is asked.

    Args:
        n_best: Answers of each text; None: as many as its search finds.
        seed: Of a search that draws; None: the recipe's.
        prefix: How each answer begins: of all texts, or a list with one for each; None: as it likes.
    """

    n_best: int | None = None
    seed: int | None = None
    prefix: str | Sequence[str] | None = None

    def __bool__(self) -> bool:
        return not (self.n_best is None and self.seed is None and self.prefix is None)


def ask(model: Run | StrPath, lines: Iterable[str], overrides: Overrides, asking: Asking) -> Iterator[dict[str, Any]]:
    """Yield all answers to each line, the best first: `texts`, their `scores`, `tokens` and `token_scores`.

    Args:
        model: A run, its folder, or a SavedModel's.
        lines: Strings.
        overrides: Changes to a run's recipe.
        asking: How it is asked.

    Raises:
        RecipeError: Its task or search cannot be asked so.
        ExportError: The SavedModel cannot.
        DataError: There are not as many prefixes as lines, or the graph refuses one.
    """
    found = _of_saved_model if is_saved_model(model) else _of_run
    function, seed = found(model, overrides, asking)
    return _answers(function, several(lines), asking, seed)


def _answers(
    function: Callable[..., dict[str, Tensor]], lines: list[str], asking: Asking, seed: int
) -> Iterator[dict[str, Any]]:
    import tensorflow as tf

    prefix = asking.prefix or ""
    prefixes = len(lines) * [prefix] if isinstance(prefix, str) else list(prefix)
    if len(prefixes) != len(lines):
        raise DataError(f"`prefix` must have one text for each of the {len(lines)} lines, but has {len(prefixes)}.")
    for start in range(0, len(lines), CHUNK):
        part = slice(start, start + CHUNK)
        text, before = tf.constant(lines[part], tf.string), tf.constant(prefixes[part], tf.string)
        with refusals_told():
            found = function(text=text, prefix=before, seed=tf.fill((len(lines[part]),), tf.constant(seed, tf.int64)))
        values = {name: tensor.numpy().tolist() for name, tensor in found.items()}
        for row in range(len(lines[part])):
            yield _row({name: value[row] for name, value in values.items()}, asking.n_best)


def _row(found: dict[str, Any], n_best: int | None) -> dict[str, Any]:
    """Return the answers that there are, at most `n_best`, and their tokens without the padding.

    A text that shows nothing has one answer, "": of each later one some token is said.
    """
    said = [not number or any(tokens) for number, tokens in enumerate(found["tokens"])]
    kept = [number for number, score in enumerate(found["scores"]) if said[number] and math.isfinite(score)][:n_best]
    tokens = [[_text(token) for token in found["tokens"][number] if token] for number in kept]
    return {
        "texts": [_text(found["texts"][number]) for number in kept],
        "scores": [found["scores"][number] for number in kept],
        "tokens": tokens,
        "token_scores": [found["token_scores"][number][: len(one)] for number, one in zip(kept, tokens, strict=True)],
    }


def _text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def _of_run(model: Run | StrPath, overrides: Overrides, asking: Asking) -> tuple[Callable[..., Any], int]:
    run = opened(model, overrides)
    search = getattr(run.task(), "search", None)
    if search is None:
        raise RecipeError(
            f"`task/{run.recipe.tree['task']['type']}` generates nothing: several answers, prefixes and seeds are for "
            "tasks with a search, such as `translation` and `language_model`."
        )
    if asking.n_best is not None and asking.n_best != search.answers:
        run = opened(run, {"task.search": _with_answers(run, search, asking.n_best)})
        search = run.task().search
    serving = run.serving()

    def call(**asked: Tensor) -> Any:  # keeps `serving`, of which its method holds a weak reference alone
        return serving.answers(**asked)

    return call, getattr(search, "seed", 0) if asking.seed is None else asking.seed


def _with_answers(run: Run, search: Any, n_best: int) -> dict[str, Any]:
    """Return the search of a run's recipe, which finds so many answers."""
    said = run.recipe.tree["task"].get("search") or "greedy"
    named = {"type": said} if isinstance(said, str) else dict(said)
    if search.counted_by is None:
        raise RecipeError(
            f"`search/{named['type']}` finds one answer of each text, not {n_best}: search for more with --set "
            f"'task.search={{type: beam, beams: {max(4, n_best)}}}'."
        )
    return {**named, search.counted_by: n_best}


def _of_saved_model(path: StrPath, overrides: Overrides, asking: Asking) -> tuple[Callable[..., Any], int]:
    if overrides:
        raise RecipeError(f"{path} is a SavedModel, which answers as it was exported: export the run with --set.")
    function = load(path)
    signature = function.saved_model.signatures.get(SIGNATURE)
    if signature is None:
        raise ExportError(
            f"{path} has no signature `{SIGNATURE}`: it generates nothing, or was exported by an older version; export "
            "the run again."
        )
    count = signature.structured_outputs["scores"].shape[1]
    if asking.n_best is not None and asking.n_best > count:
        raise ExportError(
            f"{path} was exported to find {count} answer{'s' if count > 1 else ''} of each text, not {asking.n_best}: "
            "export the run with --set "
            f"'task.search={{type: beam, beams: {max(4, asking.n_best)}, n_best: {asking.n_best}}}'."
        )

    def call(**asked: Tensor) -> Any:
        return signature(**asked)

    held: Any = call
    held.saved_model = function.saved_model  # keeps its variables alive
    return call, function.seed if asking.seed is None else asking.seed
