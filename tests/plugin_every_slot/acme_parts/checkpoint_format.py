import json
import shutil
from pathlib import Path

import numpy as np

from keras_transformers.signature import register
from keras_transformers.weights.checkpoint_format import CheckpointFormat


@register("checkpoint_format", "arrays")
class Arrays(CheckpointFormat):
    """A folder of arrays.npz, recipe.json and vocab.txt, under this library's own names of tensors."""

    summary = "Acme's (arrays.npz)"
    arrays = property(lambda self: np.load(self.path / "arrays.npz"))

    @classmethod
    def recognizes(cls, source):
        return isinstance(source, Path) and (source / "arrays.npz").is_file()

    def recipe(self):
        return json.loads((self.path / "recipe.json").read_text())

    def write_tokenizer(self, folder):
        shutil.copy(self.path / "vocab.txt", folder)

    def tensors(self):
        return {name: array.shape for name, array in self.arrays.items()}

    def read(self, name):
        return self.arrays[name]

    def name_of(self, place):
        return place.name

    def in_backbone(self, name):
        return True
