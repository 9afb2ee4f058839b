"""`kt.complete`: what follows a prompt, word by word as it is said."""

from collections.abc import Iterator

from ..errors import DataError, RecipeError
from ..files import StrPath
from ..recipe.overrides import Overrides
from ..runs.run import Run, opened
from ..text.special import EOS
from .refusals import refusals_told

HALF = "\ufffd"
"""What stands for the bytes of a character that is not yet whole."""


def complete(run: Run | StrPath, prompt: str, overrides: Overrides = (), seed: int | None = None) -> Iterator[str]:
    """Yield what the model of a run answers, piece by piece as it is said; joined, the pieces are the answer.

    Args:
        run: A `Run`, or its folder, of a language model or a translation.
        prompt: What is to be answered; a blank one is answered with nothing.
        overrides: Changes to the run's recipe, such as `["task.search={type: sample, top_p: 0.9}"]`.
        seed: Of a search that draws; by default the recipe's.

    Raises:
        RunError: It is not a finished run.
        RecipeError: An override does not fit the recipe; or its task or search does not say one token after the other.
        DataError: The prompt is no str, or longer than the model can read.
    """
    from ..decoding.token_by_token import TokenByToken
    from ..predictors.generator import Generator

    if not isinstance(prompt, str):
        raise DataError(f"`prompt` must be a str, but is {prompt!r}.")
    run = opened(run, overrides)
    task = run.task()
    search = getattr(task, "search", None)
    if search is None:
        kind = run.recipe.tree["task"]["type"]
        raise RecipeError(f"`task/{kind}` generates nothing: only tasks with a search, such as `language_model`, do.")
    serving = run.serving()
    if not isinstance(search, TokenByToken) or not isinstance(serving, Generator) or search.answers > 1:
        raise RecipeError(
            "Words can be shown as they come only where one answer is said word by word: choose a search that does, "
            "with --set task.search=greedy, or --set task.search=sample; or `predict`."
        )
    return _pieces(serving, search, prompt, seed)


def _pieces(serving, search, prompt: str, seed: int | None) -> Iterator[str]:
    import tensorflow as tf

    from ..text.blank import is_blank

    text = tf.constant([prompt])
    with refusals_told():
        ids = serving.ids(text)
        if is_blank(text)[0] or not ids.row_lengths()[0]:
            return
        inputs = {name: values.to_tensor(0) for name, values in serving.given(ids, None).items()}
        seeds = None if seed is None else tf.constant([seed], tf.int64)
        said, shown = [], ""
        for token in search.tokens(serving.model, inputs, seeds):
            if token == EOS:
                break
            said.append(token)
            written = serving.tokenizer.target.detokenize(tf.ragged.constant([said], dtype=tf.int32))
            whole = written[0].numpy().decode("utf-8", "replace").rstrip(HALF)
            if whole.startswith(shown) and whole != shown:
                yield whole[len(shown) :]
                shown = whole
