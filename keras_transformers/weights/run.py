"""A run directory of this library as a checkpoint: recipe.yaml, tokenizer/, model.keras."""

import shutil
import tempfile
import zipfile

from ..errors import CheckpointError
from ..models.assemble import build
from ..run import load_run
from .checkpoint import Checkpoint
from .places import places

WEIGHTS = "model.weights.h5"


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
        import keras

        super().__init__(path)
        self.run = load_run(path)
        if not self.run.model_file.is_file():
            raise CheckpointError(f"{self.path} holds no {self.run.model_file.name}: training has not ended.")
        with keras.StatelessScope():  # the model's outline, without memory for its weights
            found = places(build(self.run.recipe))
        self._stored = {name: place.stored for name, place in found.items()}
        self._backbone = {place.stored for place in found.values() if not place.is_head}
        self._open(self.run.model_file)

    def _open(self, file):
        import h5py

        # HDF5 seeks to and fro, which is slow in a zip archive.
        self._folder = tempfile.TemporaryDirectory(prefix="keras_transformers_")
        try:
            with zipfile.ZipFile(file) as archive:
                archive.extract(WEIGHTS, self._folder.name)
            self._file = h5py.File(f"{self._folder.name}/{WEIGHTS}", "r")
        except (OSError, KeyError, zipfile.BadZipFile):
            raise CheckpointError(f"{file} is damaged: it is not a model that Keras saved.") from None
        self._shapes = {}
        self._file.visititems(self._note)

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
        return self._stored.get(place.name)

    def in_backbone(self, name):
        return name in self._backbone

    def is_state(self, name):
        return name not in self._stored.values()  # an optimizer's, or a generator's of seeds

    def _note(self, name, entry):
        if hasattr(entry, "shape"):
            self._shapes[name] = tuple(entry.shape)
