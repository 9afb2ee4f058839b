"""Several runs that answer together."""

from collections.abc import Iterable
from typing import Any

from ..errors import RecipeError
from ..files import StrPath
from ..recipe.overrides import Overrides
from .run import Run, opened


class RunEnsemble(Run):
    """Runs of one vocabulary, whose models decode together; recipe, task and tokenizer are those of the first.

    Args:
        runs: The runs.

    Raises:
        RecipeError: There are fewer than two, or they were trained with different vocabularies.
    """

    def __init__(self, runs: "list[Run]") -> None:
        if len(runs) < 2:
            raise RecipeError(f"An ensemble needs at least two runs, but {len(runs)} is given.")
        super().__init__(runs[0].path, runs[0].overrides)
        self.runs = runs
        for other in runs[1:]:
            if _files(other) != _files(runs[0]):
                raise RecipeError(
                    f"{other} has another vocabulary than {runs[0]}: runs can only answer together with the same "
                    "tokenizer; train them on the same text with the same `tokenizer`."
                )

    def model(self) -> Any:
        """Return the `Ensemble` of their final models.

        Raises:
            RunError: The training of one has not ended.
            RecipeError: One does not say its output token by token.
        """
        from ..models.ensemble import Ensemble

        return Ensemble([run.model() for run in self.runs])

    def changed(self, overrides: Overrides) -> "RunEnsemble":
        return RunEnsemble([self.runs[0].changed(overrides), *self.runs[1:]])


def ensemble(runs: Iterable[Run | StrPath]) -> RunEnsemble:
    """Return runs as one that `predict`, `evaluate`, `score` and `export` take: their models answer together.

    A token's log-probability is the mean of theirs, taken among the tokens that answers are made of.

    Args:
        runs: Runs, or their folders, trained with the same vocabulary; the first one's recipe says how to answer.

    Raises:
        RunError: A folder is no run.
        RecipeError: There are fewer than two, or they have different vocabularies.
    """
    return RunEnsemble([opened(run) for run in runs])


def _files(run: Run) -> dict[str, bytes]:
    files = sorted(path for path in run.tokenizer_folder.rglob("*") if path.is_file())
    return {str(path.relative_to(run.tokenizer_folder)): path.read_bytes() for path in files}
