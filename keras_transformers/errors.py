"""Every error that the library raises on purpose.

    KerasTransformersError
    ├── RegistryError          manifests, plugins and registered classes
    │   ├── UnknownComponent   no such slot, or no such name in it
    │   ├── DuplicateComponent the name is taken
    │   └── PluginError        an installed plugin, or a --plugin file, is missing or broken
    ├── RecipeError            all the problems of a recipe, each with its place
    ├── DataError              text that cannot be read
    ├── CheckpointError        weights of others that cannot be read, or do not fit the model
    ├── RunError               a run directory that cannot be written, read or resumed
    │   ├── TrainingInterrupted  Ctrl-C; the checkpoint is kept
    │   └── TrainingDiverged   a loss or weight is no number; the last good checkpoint is kept
    └── ExportError            a model that cannot be exported, or a folder that is no SavedModel

The message of each is one sentence for the user. The command line prints it without a traceback and
ends with `exit_status`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


class KerasTransformersError(Exception):
    """Base of all errors that a user can cause and put right."""

    exit_status = 2


class RegistryError(KerasTransformersError):
    """The registry cannot answer."""


class UnknownComponent(RegistryError):
    """There is no such slot, or no component of that name in it."""


class DuplicateComponent(RegistryError):
    """The name is taken; the message names the holder."""


class PluginError(RegistryError):
    """A plugin is missing, or is installed and broken."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a recipe, and where.

    Args:
        message: What was expected and what was found, as a sentence.
        path: Keys from the root, joined by dots, such as `model.encoder.layers`.
        file: File, or other source such as `--set`, that said it.
        line: Line in the file, from 1.
        column: Column in the line, from 1.
    """

    message: str
    path: str = ""
    file: str | None = None
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        key = f"`{self.path}`" if self.path else ""
        return ": ".join(part for part in (place, key, self.message) if part)


class RecipeError(KerasTransformersError):
    """A recipe is wrong; `problems` lists everything that is.

    Args:
        problems: `Problem`s, or one sentence.
    """

    def __init__(self, problems: "str | Problem | Iterable[str | Problem]") -> None:
        if isinstance(problems, (str, Problem)):
            problems = [problems]
        self.problems = [Problem(problem) if isinstance(problem, str) else problem for problem in problems]
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.problems,)


class DataError(KerasTransformersError):
    """Text cannot be read as the recipe says."""


class CheckpointError(KerasTransformersError):
    """A checkpoint cannot be read, or does not fit the model."""


class RunError(KerasTransformersError):
    """A run directory cannot be written, read or resumed."""


class TrainingInterrupted(RunError):
    """Training was stopped by Ctrl-C; the message says how to resume."""

    exit_status = 130


class TrainingDiverged(RunError):
    """A loss or a weight is NaN or infinite; the message says where, what is kept, and what to try."""


class ExportError(KerasTransformersError):
    """A model cannot be exported, or a folder is not an exported model."""


def first_line(error: BaseException) -> str:
    """Return the first line of what another library's error says, or else its class's name."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def did_you_mean(name: object, existing: Iterable[object]) -> str:
    """Return " Did you mean `x`?" with the nearest of the existing names, or "" if none is near."""
    import difflib

    near = difflib.get_close_matches(str(name), [str(candidate) for candidate in existing], n=1)
    return f" Did you mean `{near[0]}`?" if near else ""
