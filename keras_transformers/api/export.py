"""Exports a run as one SavedModel that maps strings to answers, without Python.

DIR/
  saved_model.pb, variables/, assets/
  assets.extra/recipe.yaml     the resolved recipe
  assets.extra/interface.json  the inputs in their order, the output that is the answer, and every signature
"""

import contextlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeGuard

from ..annotations import Tensor
from ..errors import ExportError, RecipeError, first_line
from ..files import Kind, StrPath, refuse_existing, replacing, write_json, write_text, writing
from ..literal import literal
from ..recipe.overrides import Overrides
from ..recipe.paths import paths
from ..recipe.recipe import Recipe
from ..runs.ensemble import RunEnsemble
from ..runs.run import Run, opened

if TYPE_CHECKING:
    from ..weights.compressed import Compressed

KINDS = ("bfloat16", "int8")
"""What weights may be kept as, beside float32."""

MODEL = "saved_model.pb"
SIGNATURE = "serving_default"
INTERFACE = "interface.json"
RECIPE = "assets.extra/recipe.yaml"
NAMES = {MODEL, "variables", "assets", "assets.extra", "fingerprint.pb"}
KIND = Kind("a SavedModel", MODEL, frozenset(NAMES))


def export(
    run: Run | StrPath,
    directory: StrPath,
    overwrite: bool = False,
    overrides: Overrides = (),
    format: Literal["savedmodel", "huggingface", "ctranslate2"] = "savedmodel",
    weights: Literal["float32", "bfloat16", "int8"] = "float32",
) -> Path:
    """Write the final model of a run, as a SavedModel unless another format is asked for, and return its path.

    Inputs and outputs are those of the task's serving module, by name: of a translation, input
    `text`, string (N,), and outputs `text`, string (N,), and `score`, float32 (N,), the answer's
    log-probability. The resolved recipe lies beside it, in `assets.extra/recipe.yaml`.

    Args:
        run: A `Run`, or its folder.
        directory: The folder to write.
        overwrite: Replace a model of that format that is there.
        overrides: Changes to the run's recipe, such as `["task.length=64"]`, for this SavedModel only.
        format: `savedmodel`; `huggingface`, a folder for Transformers, of a BERT; or `ctranslate2`, one for
            `ctranslate2.Translator`, of a Transformer.
        weights: As what a SavedModel keeps its matrices. `bfloat16` takes a half and `int8` a quarter of the room
            for them, on disk and once loaded; a call computes as before, and takes longer by the time to widen them.

    Raises:
        RunError: It is not a finished run.
        RecipeError: An override does not fit the recipe, or the format has nothing that it could change.
        ExportError: The format cannot express the model, or the folder is taken or cannot be written.
    """
    if weights not in ("float32", *KINDS):
        raise ExportError(f"`weights` must be float32, {' or '.join(KINDS)}, but is {weights!r}.")
    if format in ("huggingface", "ctranslate2") and weights != "float32":
        raise ExportError(f"Only a SavedModel keeps its weights as {weights}: leave out `weights` for {format}.")
    if format != "savedmodel" and isinstance(run, RunEnsemble):
        raise ExportError(f"Several runs go together into a SavedModel only: leave out --format {format}.")
    if format != "savedmodel":
        return _to_others(run, directory, overwrite, overrides, format)
    run = opened(run, overrides)
    directory = Path(directory)
    refuse_existing(directory, KIND, overwrite, ExportError)
    serving = run.serving()
    with replacing(directory, ExportError) as folder, writing(directory, ExportError):
        with contextlib.nullcontext() if weights == "float32" else _compressed(serving, weights):
            signatures = write(serving, folder)
        extra = folder / "assets.extra"
        extra.mkdir()
        write_text(folder / RECIPE, _portable(run.recipe).to_yaml())
        names = list(input_names(serving))
        interface: dict[str, Any] = {"inputs": names, "answer": run.task().answer, "signatures": signatures}
        search = getattr(run.task(), "search", None)
        if search is not None:
            interface["seed"] = getattr(search, "seed", 0)
        write_json(extra / INTERFACE, interface)
    return directory


def _compressed(serving: Any, weights: str) -> "Compressed":
    """Return the scope in which a serving module is traced that keeps its weights so."""
    from ..weights.compressed import Compressed

    scope = Compressed(getattr(getattr(serving, "model", None), "variables", ()), weights)
    if not scope.copies:
        raise ExportError(f"There are no float32 matrices to keep as {weights}: leave out `weights`.")
    return scope


def _to_others(run: Run | StrPath, directory: StrPath, overwrite: bool, overrides: Overrides, format: str) -> Path:
    """Write a run in the format of another library."""
    if overrides:
        raise RecipeError(f"Overrides change what a SavedModel answers; leave them out with the format {format}.")
    if format == "huggingface":
        from ..runs.notes import tell
        from .export_huggingface import export_huggingface

        tell(export_huggingface(run, directory, overwrite))
    elif format == "ctranslate2":
        from .export_ctranslate2 import export_ctranslate2

        export_ctranslate2(run, directory, overwrite)
    else:
        raise ExportError(f"`format` must be savedmodel, huggingface or ctranslate2, but is {format!r}.")
    return Path(directory)


def _portable(recipe: Recipe) -> Recipe:
    """Return the recipe without the folders of this machine."""
    without = {} if recipe.tree.get("data") is None else {"data.root": None}
    names = {".".join(map(str, path)): Path(file).name for path, file in paths(recipe.tree, "tokenizer")}
    return recipe.with_overrides({**without, **names, "weights": None})


def input_names(serving: Any) -> tuple[str, ...]:
    """Return the names of the inputs of a serving module, in order."""
    return tuple(spec.name for spec in serving.__call__.input_signature)


def is_saved_model(path: Run | StrPath) -> TypeGuard[StrPath]:
    """Tell whether a folder holds a SavedModel; a `Run` is none."""
    return not isinstance(path, Run) and (Path(path) / MODEL).is_file()


def write(serving: Any, directory: StrPath) -> dict[str, Any]:
    """Save the module `serving` with its call as the signature `serving_default`, and its `signatures` beside it.

    Returns the names, dtypes and shapes of the inputs and outputs of each, None where an axis has any size.

    What is saved holds TensorFlow's variables, not Keras's around them: those are exported as
    copies, so that what TensorFlow's C API restores would not be what the signature reads.
    """
    import tensorflow as tf

    answer = serving.__call__.get_concrete_function()
    more = serving.signatures() if hasattr(serving, "signatures") else {}
    module = tf.Module()
    module.weights = list(
        {id(one): one for function in (answer, *more.values()) for one in function.variables}.values()
    )
    module.parts = [part for part in vars(serving).values() if isinstance(part, tf.Module)]
    signatures = {SIGNATURE: answer, **more}
    tf.saved_model.save(module, literal(directory), signatures=signatures)
    return {name: _facts(function) for name, function in signatures.items()}


def _facts(function: Any) -> dict[str, Any]:
    def shown(tensors: dict[str, Any]) -> dict[str, Any]:
        return {
            name: {"dtype": tensor.dtype.name, "shape": None if tensor.shape.rank is None else list(tensor.shape)}
            for name, tensor in tensors.items()
        }

    given = function.inputs[: len(function.inputs) - len(function.captured_inputs)]  # not what its graph holds
    inputs = {tensor.name.partition(":")[0]: tensor for tensor in given}
    return {"inputs": shown(inputs), "outputs": shown(function.structured_outputs)}


def load(directory: StrPath) -> Any:
    """Return the function of a SavedModel, from string (N,) for each input to outputs by name.

    Its `inputs` are their names in order, its `answer` the name of the output that is the answer.

    Raises:
        ExportError: The folder is not a SavedModel that `export` wrote.
    """
    import tensorflow as tf
    import tensorflow_text  # noqa: F401  registers the ops that the graph uses

    try:
        loaded = tf.saved_model.load(literal(directory))
    except (OSError, tf.errors.OpError, ValueError) as error:
        reason = first_line(error).replace(literal(directory), str(directory))
        raise ExportError(f"{directory} cannot be loaded as a SavedModel: {reason}") from None
    if SIGNATURE not in loaded.signatures:
        raise ExportError(f"{directory} is a SavedModel without the signature `{SIGNATURE}`.")
    signature = loaded.signatures[SIGNATURE]
    takes, gives = set(signature.structured_input_signature[1]), set(signature.structured_outputs)
    interface = read_interface(directory)
    inputs, answer = tuple(interface["inputs"]), interface["answer"]
    if set(inputs) != takes or answer not in gives:
        raise ExportError(
            f"{directory} is not a SavedModel of `keras-transformers export`: it takes {_names(takes)} and gives "
            f"{_names(gives)}, not {_names(inputs)} to `{answer}`."
        )

    def call(*texts: Tensor) -> Any:
        return signature(**dict(zip(inputs, texts, strict=True)))

    function: Any = call
    function.saved_model = loaded  # keeps its variables alive
    function.inputs, function.answer = inputs, answer
    function.seed = interface.get("seed", 0)
    return function


def read_interface(directory: StrPath) -> dict[str, Any]:
    """Return what `export` wrote of a SavedModel: `inputs`, `answer`, `signatures`; by default text to text.

    Raises:
        ExportError: The file is broken.
    """
    path = Path(directory) / "assets.extra" / INTERFACE
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return {**content, "inputs": list(content["inputs"]), "answer": content["answer"]}
    except FileNotFoundError:
        return {"inputs": ["text"], "answer": "text"}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ExportError(f"{path} cannot be read: {error}.") from None


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names)) or "nothing"
