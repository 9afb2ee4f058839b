"""How sentence-transformers makes one vector of a text: `modules.json` and `1_Pooling/config.json` beside a BERT."""

from .json_config import read_json

MODULES = "modules.json"
CONFIG = "1_Pooling/config.json"
NORMALIZE = "2_Normalize"
MODES = ("cls_token", "mean_tokens", "max_tokens", "mean_sqrt_len_tokens")
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


def sentence_files(task, dim):
    """Return {name: what it holds} of the JSON files that say a task `sentence_embedding`.

    Args:
        task: The section of the recipe.
        dim: Width of the vectors.
    """
    layers = [("", "Transformer"), (CONFIG.partition("/")[0], "Pooling")]
    if task["normalize"]:
        layers.append((NORMALIZE, "Normalize"))
    modules = [
        {"idx": number, "name": str(number), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for number, (path, kind) in enumerate(layers)
    ]
    modes = {f"pooling_mode_{mode}": KNOWN.get(mode) == task["pooling"] for mode in MODES}
    return {MODULES: modules, CONFIG: {"word_embedding_dimension": dim, **modes}}


def _modules(file):
    """Return the class names of what a text passes through, of a file that may not be there."""
    modules = read_json(file, list) if file.is_file() else []
    return [str(one.get("type", one)).rpartition(".")[2] for one in modules if isinstance(one, dict)]


def _pooling(settings):
    modes = [name.removeprefix("pooling_mode_") for name, on in settings.items() if on is True]
    modes = [mode for mode in modes if f"pooling_mode_{mode}" in settings] or [settings.get("pooling_mode")]
    return " and ".join(str(mode) for mode in modes)
