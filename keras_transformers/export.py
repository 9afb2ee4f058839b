"""A run becomes one SavedModel: strings in, strings out, no Python needed to answer."""

from pathlib import Path

from .errors import ExportError
from .run import Run, load_run
from .writing import replacing, writing

SIGNATURE = "serving_default"


def export(run, directory, overwrite=False):
    """Write the final model of a run as a SavedModel and return its path.

    Input `text`: string (N,). Outputs `text`: string (N,); `score`: float32 (N,), the answer's
    log-probability. The resolved recipe lies beside it, in `assets.extra/recipe.yaml`.

    Args:
        run: A `Run`, or its folder.
        directory: The folder to write.
        overwrite: Replace a SavedModel that is there.

    Raises:
        RunError: It is not a finished run.
        ExportError: The folder is taken, or cannot be written.
    """
    run = run if isinstance(run, Run) else load_run(run)
    directory = Path(directory)
    refuse_existing(directory, overwrite)
    serving = run.serving()
    with replacing(directory, ExportError) as folder, writing(directory, ExportError):
        write(serving, folder)
        _write_recipe(run.recipe, folder / "assets.extra")
    return directory


def _write_recipe(recipe, folder):
    """Write the recipe without the data's folder on this machine."""
    if recipe.tree.get("data") is not None:
        recipe = recipe.with_overrides({"data.root": None})
    folder.mkdir()
    (folder / "recipe.yaml").write_text(recipe.to_yaml(), encoding="utf-8")


def write(serving, directory):
    """Save the module `serving` with its call as the signature `serving_default`.

    What is saved holds TensorFlow's variables, not Keras's around them: those are exported as
    copies, so that what TensorFlow's C API restores would not be what the signature reads.
    """
    import tensorflow as tf

    answer = serving.__call__.get_concrete_function()
    module = tf.Module()
    module.weights = list(answer.variables)
    module.parts = [part for part in vars(serving).values() if isinstance(part, tf.Module)]
    tf.saved_model.save(module, str(directory), signatures={SIGNATURE: answer})


def load(directory):
    """Return the function of a SavedModel: string (N,) to `{"text": ..., "score": ...}`.

    Raises:
        ExportError: The folder is not a SavedModel that `export` wrote.
    """
    import tensorflow as tf
    import tensorflow_text  # noqa: F401  registers the ops that the graph uses

    try:
        loaded = tf.saved_model.load(str(directory))
    except (OSError, tf.errors.OpError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise ExportError(f"{directory} cannot be loaded as a SavedModel: {reason}") from None
    if SIGNATURE not in loaded.signatures:
        raise ExportError(f"{directory} is a SavedModel without the signature `{SIGNATURE}`.")
    signature = loaded.signatures[SIGNATURE]
    inputs, outputs = set(signature.structured_input_signature[1]), set(signature.structured_outputs)
    if inputs != {"text"} or not outputs >= {"text", "score"}:
        raise ExportError(
            f"{directory} is not a SavedModel of `keras-transformers export`: it takes "
            f"{_names(inputs)} and gives {_names(outputs)}, not `text` to `score` and `text`."
        )

    def answer(text):
        return signature(text=text)

    answer.saved_model = loaded  # keeps its variables alive
    return answer


def _names(names):
    return ", ".join(f"`{name}`" for name in sorted(names)) or "nothing"


def refuse_existing(directory, overwrite):
    """Raise unless a SavedModel may be written at `directory`."""
    if not directory.exists() or (directory.is_dir() and not any(directory.iterdir())):
        return
    if not (directory / "saved_model.pb").is_file():
        raise ExportError(f"{directory} exists and is not a SavedModel; give another folder.")
    if not overwrite:
        raise ExportError(f"{directory} already holds a SavedModel; add --overwrite to replace it.")
