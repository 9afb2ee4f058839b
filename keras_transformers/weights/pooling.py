"""How sentence-transformers makes one vector of a text: `modules.json` and `1_Pooling/config.json` beside a BERT."""

from .configuration import read_json

MODULES = "modules.json"
CONFIG = "1_Pooling/config.json"
KNOWN = {"cls_token": "cls", "cls": "cls", "mean_tokens": "mean", "mean": "mean"}
"""What its settings call each way of pooling, and what we do."""


def sentence_task(folder):
    """Return the section `task` of a folder that pools, or None, and a list of notes for the user.

    Args:
        folder: Path of the folder.

    Raises:
        CheckpointError: One of the files is damaged.
    """
    if not (folder / CONFIG).is_file():
        return None, []
    modules, pooling = _modules(folder / MODULES), _pooling(read_json(folder / CONFIG))
    unknown = sorted(set(modules) - {"Transformer", "Pooling", "Normalize"})
    if unknown or pooling not in KNOWN:
        what = f"the layer {unknown[0]}" if unknown else f"pooling by {pooling}"
        return None, [f"{folder} makes sentence vectors with {what}, which is not read: its encoder is, alone."]
    return {"type": "sentence_embedding", "pooling": KNOWN[pooling], "normalize": "Normalize" in modules}, []


def _modules(file):
    """Return the class names of what a text passes through, of a file that may not be there."""
    modules = read_json(file, list) if file.is_file() else []
    return [str(one.get("type", one)).rpartition(".")[2] for one in modules if isinstance(one, dict)]


def _pooling(settings):
    modes = [name.removeprefix("pooling_mode_") for name, on in settings.items() if on is True]
    modes = [mode for mode in modes if f"pooling_mode_{mode}" in settings] or [settings.get("pooling_mode")]
    return " and ".join(str(mode) for mode in modes)
