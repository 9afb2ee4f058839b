"""Finding out what a checkpoint is."""

import os
from pathlib import Path

from ..errors import CheckpointError
from . import google, huggingface, kerashub

FORMATS = (
    "a run directory (recipe.yaml, model.keras), a Hugging Face folder (config.json, model.safetensors), "
    "Google's (bert_config.json, bert_model.ckpt.index) or a KerasHub preset (config.json, model.weights.h5)"
)


def open_checkpoint(path):
    """Return the `Checkpoint` at a path; no tensor is read yet.

    Args:
        path: A run directory, a Hugging Face folder, a Google checkpoint's folder or prefix, a KerasHub
            preset's folder, or a KerasHub `BertBackbone`.

    Raises:
        CheckpointError: There is no checkpoint, or it is none that is read.
    """
    from .run_checkpoint import RunCheckpoint

    if hasattr(path, "get_config"):
        return kerashub.KerasHubCheckpoint(path)
    path = Path(os.path.expanduser(path))
    if (path / "recipe.yaml").is_file():
        return RunCheckpoint(path)
    if (path / kerashub.WEIGHTS).is_file():
        return kerashub.KerasHubCheckpoint(path)
    if (path / huggingface.CONFIG).is_file():
        return huggingface.HuggingFaceCheckpoint(path)
    if (path / google.CONFIG).is_file() or Path(f"{path}{google.INDEX}").is_file():
        return google.GoogleCheckpoint(path)
    if not path.exists():
        raise CheckpointError(f"There is no checkpoint at {path}.")
    raise CheckpointError(f"{path} is not a checkpoint: it is neither {FORMATS}.")


def load_into(model, path, task=None):
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
