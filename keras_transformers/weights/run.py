"""A run directory of this library as a checkpoint: recipe.yaml, tokenizer/, model.keras."""

import json
import shutil
import tempfile
import zipfile

from ..errors import CheckpointError
from ..run import load_run
from .checkpoint import Checkpoint
from .places import HEAD, stored_layers

WEIGHTS = "model.weights.h5"
CONFIG = "config.json"
TABLE = "layers/segment_embed/embedding/vars/0"  # what every backbone has, whatever its other layers


class RunCheckpoint(Checkpoint):
    """The final model of a finished run, with the head of its task.

    A head's tensors go to the head of the same name.

    Args:
        path: The run directory.

    Raises:
        CheckpointError: The run is not finished, or is not of a BERT.
        RunError: It is not a run directory.
    """

    def __init__(self, path):
        import h5py

        super().__init__(path)
        self.run = load_run(path)
        file = self.run.model_file
        if not file.is_file():
            raise CheckpointError(f"{self.path} holds no {file.name}: training has not ended.")
        # HDF5 seeks to and fro, which is slow in a zip archive.
        self._folder = tempfile.TemporaryDirectory(prefix="keras_transformers_")
        try:
            with zipfile.ZipFile(file) as archive:
                archive.extract(WEIGHTS, self._folder.name)
                config = json.loads(archive.read(CONFIG))
            self._file = h5py.File(f"{self._folder.name}/{WEIGHTS}", "r")
        except (OSError, KeyError, ValueError, zipfile.BadZipFile):
            raise CheckpointError(f"{file} is damaged: it is not a model that Keras saved.") from None
        self._shapes = {}
        self._file.visititems(self._note)
        found = [name for name in self._shapes if name.endswith(TABLE)]
        if len(found) != 1:
            raise CheckpointError(f"{self.path} is a run of another model than `model/bert`.")
        self._prefix = found[0].removesuffix(TABLE)
        self._heads = _head_paths(config) if self._prefix else {}

    def recipe(self):
        tree = self.run.recipe.tree
        return {key: tree[key] for key in ("model", "tokenizer", "task") if tree.get(key) is not None}

    def write_tokenizer(self, folder):
        shutil.copytree(self.run.tokenizer_folder, folder, dirs_exist_ok=True)

    def tensors(self):
        return dict(self._shapes)

    def read(self, name):
        return self._file[name][()]

    def name_of(self, place):
        if not place.name.startswith(HEAD):
            return self._prefix + place.stored
        head = place.name.removeprefix(HEAD).partition(".")[0]
        return f"layers/{self._heads[head]}/{place.stored}" if head in self._heads else None

    def in_backbone(self, name):
        return name.startswith(self._prefix) if self._prefix else True

    def is_state(self, name):
        return not name.startswith("layers/")  # the optimizer's, and attributes that repeat layers

    def _note(self, name, entry):
        if hasattr(entry, "shape"):
            self._shapes[name] = tuple(entry.shape)


def _head_paths(config):
    """Return {name: path in the weights file} of the outermost layers in a saved model's configuration."""
    layers = config.get("config", {}).get("layers", [])
    stored = stored_layers(layers, class_name=lambda layer: layer["class_name"])
    return {layer["config"]["name"]: path for path, layer in stored}
