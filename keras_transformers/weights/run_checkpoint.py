"""A run directory of this library as a checkpoint: recipe.yaml, tokenizer/, model.keras."""

import json
import shutil
import tempfile
import zipfile
from pathlib import Path

from .. import registry
from ..errors import CheckpointError
from ..runs.run import RECIPE, load_run
from ..signature import Path as PathArgument
from ..signature import register
from .checkpoint_format import CheckpointFormat, row_ranges
from .tensor_names import snake_case, stored_layers, unique

WEIGHTS = "model.weights.h5"
CONFIG = "config.json"


@register("checkpoint_format", "run")
class RunCheckpoint(CheckpointFormat):
    """The final model of a finished run, with the head of its task.

    A head's tensors go to the head of the same name.

    Args:
        path: The run directory.

    Raises:
        CheckpointError: The run is not finished.
        RunError: It is not a run directory.
    """

    summary = f"a run directory ({RECIPE}, model.keras)"

    def __init__(self, path: PathArgument):
        super().__init__(path)
        self.run = load_run(path)
        if not self.run.model_file.is_file():
            raise CheckpointError(f"{self.path} holds no {self.run.model_file.name}: training has not ended.")
        self._shapes, self._heads = {}, {}
        self._open(self.run.model_file)
        within = f"layers/{snake_case(self.kind().__name__)}/"  # in a task's model; else it is the model itself
        self._folder = within if any(name.startswith(within) for name in self._shapes) else ""

    @classmethod
    def recognizes(cls, source):
        return isinstance(source, Path) and (source / RECIPE).is_file()

    def _open(self, file):
        import h5py

        try:
            # HDF5 seeks to and fro, which is slow in a zip archive. Once open, the file needs no name.
            with tempfile.TemporaryDirectory(prefix="keras_transformers_") as folder, zipfile.ZipFile(file) as archive:
                self._config = json.loads(archive.read(CONFIG))
                self._file = h5py.File(archive.extract(WEIGHTS, folder), "r")
        except (OSError, KeyError, ValueError, zipfile.BadZipFile):
            raise CheckpointError(f"{file} is damaged: it is not a model that Keras saved.") from None
        self._file.visititems(self._note)

    def recipe(self):
        tree = self.run.recipe.tree
        return {key: tree[key] for key in ("model", "tokenizer", "task") if tree.get(key) is not None}

    def task(self):
        return self.run.recipe.tree["task"]

    def kind(self):
        return registry.resolve("model", self.run.recipe.tree["model"]["type"])

    @property
    def layers(self):
        model = self.run.recipe.tree["model"]
        return (model.get("encoder") or model.get("decoder") or {}).get("layers")

    def write_tokenizer(self, folder):
        self.run.tokenizer()  # says what is wrong with the vocabulary, by the name that the user knows
        shutil.copytree(self.run.tokenizer_folder, folder, dirs_exist_ok=True)

    def tensors(self):
        return dict(self._shapes)

    def read(self, name):
        return self._file[name][()]

    def chunks(self, name):
        for first, last in row_ranges(self._shapes[name], 4):
            yield self._file[name][first:last]

    def load(self, model, task=None):
        self._heads = _head_folders(self._config, model)
        return super().load(model, task)

    def name_of(self, place):
        if not place.is_head:
            return self._folder + place.stored
        return f"layers/{self._heads[place.part]}/{place.stored}" if place.part in self._heads else None

    def in_backbone(self, name):
        return name.startswith(f"{self._folder}layers/")

    def is_state(self, name):
        return not name.startswith("layers/") or "seed_generator" in name

    def _note(self, name, entry):
        if hasattr(entry, "shape"):
            self._shapes[name] = tuple(entry.shape)


def _head_folders(config, model):
    """Return {name of a layer: its folder in the weights file} of a saved model.

    Args:
        config: The saved model's configuration.
        model: The model to be filled, whose layers are those of the saved one if it is of the same class.
    """
    if config.get("class_name") == "Functional":
        layers, used = config["config"]["layers"], {}
        return {one["config"]["name"]: unique(snake_case(one["class_name"]), used) for one in layers}
    if config.get("class_name") == type(model).__name__:
        return {layer.name: folder for folder, layer in stored_layers(model.layers)}
    return {}
