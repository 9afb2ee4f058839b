"""Detects the format of a checkpoint and opens it."""

import os
from pathlib import Path
from typing import Any

from .. import registry
from ..errors import CheckpointError, RegistryError
from .checkpoint_format import CheckpointFormat

SLOT = "checkpoint_format"
OWN = ("run", "keras_hub", "hugging_face", "google")
"""The library's formats, in the order in which they are asked: a KerasHub preset has a config.json, too."""


def open_checkpoint(path: Any) -> CheckpointFormat:
    """Return the checkpoint at a path, opened by the `CheckpointFormat` that recognizes it; no tensor is read yet.

    Formats of one's own, and those of plugins, are asked before the library's.

    Args:
        path: A run directory, a Hugging Face folder, a Google checkpoint's folder or prefix, a KerasHub
            preset's folder, or a KerasHub `BertBackbone`; or what a format of one's own reads.

    Raises:
        CheckpointError: There is no checkpoint, or it is none that is read.
        RegistryError: A format that is registered is none.
    """
    source = Path(os.path.expanduser(path)) if isinstance(path, (str, os.PathLike)) else path
    formats = _formats()
    for format_class in formats:
        if format_class.recognizes(source):
            return format_class(source)
    if isinstance(source, Path) and not source.exists():
        raise CheckpointError(f"There is no checkpoint at {source}.")
    *first, last = [format_class.summary for format_class in formats]
    name = source if isinstance(source, Path) else f"An object of the class {type(source).__name__}"
    raise CheckpointError(f"{name} is not a checkpoint: it is neither {', '.join(first)} nor {last}.")


def load_into(model: Any, path: Any, task: dict[str, Any] | None = None) -> list[str]:
    """Fill a model's weights from a checkpoint, one tensor at a time.

    Args:
        model: A `Bert`, or a task's model on one.
        path: As for `open_checkpoint`.
        task: The section `task` of the model's recipe; a classifier of other labels is then not used.

    Returns:
        A list of sentences: which heads were filled, what was initialised anew, and what was not used.

    Raises:
        CheckpointError: The checkpoint cannot be read, or does not fit; every tensor that does not is listed.
    """
    return open_checkpoint(path).load(model, task)


def _formats() -> list[type[CheckpointFormat]]:
    """Return the classes of all formats, in the order in which they are asked.

    Raises:
        RegistryError: One is no `CheckpointFormat`.
    """
    names = [*(name for name in registry.names(SLOT) if name not in OWN), *OWN]
    formats = [registry.resolve(SLOT, name) for name in names]
    for name, format_class in zip(names, formats):
        if not (isinstance(format_class, type) and issubclass(format_class, CheckpointFormat)):
            raise RegistryError(
                f"`{SLOT}/{name}` must be a subclass of `CheckpointFormat`, but is {format_class.__qualname__}."
            )
    return formats
