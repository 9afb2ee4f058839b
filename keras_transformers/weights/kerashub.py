"""KerasHub's BertBackbone: a preset's folder (config.json, model.weights.h5), or the object itself."""

import re
import shutil
import tempfile
from pathlib import Path

import numpy as np

from ..errors import CheckpointError
from . import vocabulary
from .bert_sizes import Sizes
from .checkpoint import Checkpoint
from .huggingface import their_name
from .json_config import read_count, read_json, read_number, require_divisor

CONFIG = "config.json"
WEIGHTS = "model.weights.h5"
TOKENIZER = "tokenizer.json"
VOCABULARY = "assets/tokenizer/vocabulary.txt"
CLASS = "BertBackbone"

SIZES = {
    "vocab_size": "vocabulary_size",
    "dim": "hidden_dim",
    "layers": "num_layers",
    "heads": "num_heads",
    "hidden_dim": "intermediate_dim",
    "positions": "max_sequence_length",
    "segments": "num_segments",
}

NAMES = {
    "embed.embedding.table": "reversible_embedding/vars/0",
    "embed.position.table": "position_embedding/vars/0",
    "embed.segments": "embedding/vars/0",
    "embed.norm.gamma": "layer_normalization/vars/0",
    "embed.norm.beta": "layer_normalization/vars/1",
    "encoder.blocks.{i}.attention.query.kernel": "transformer_encoder_{i}/_self_attention_layer/query_dense/vars/0",
    "encoder.blocks.{i}.attention.query.bias": "transformer_encoder_{i}/_self_attention_layer/query_dense/vars/1",
    "encoder.blocks.{i}.attention.key.kernel": "transformer_encoder_{i}/_self_attention_layer/key_dense/vars/0",
    "encoder.blocks.{i}.attention.key.bias": "transformer_encoder_{i}/_self_attention_layer/key_dense/vars/1",
    "encoder.blocks.{i}.attention.value.kernel": "transformer_encoder_{i}/_self_attention_layer/value_dense/vars/0",
    "encoder.blocks.{i}.attention.value.bias": "transformer_encoder_{i}/_self_attention_layer/value_dense/vars/1",
    "encoder.blocks.{i}.attention.output_projection.kernel":
        "transformer_encoder_{i}/_self_attention_layer/output_dense/vars/0",
    "encoder.blocks.{i}.attention.output_projection.bias":
        "transformer_encoder_{i}/_self_attention_layer/output_dense/vars/1",
    "encoder.blocks.{i}.attention_residual.norm.gamma": "transformer_encoder_{i}/_self_attention_layer_norm/vars/0",
    "encoder.blocks.{i}.attention_residual.norm.beta": "transformer_encoder_{i}/_self_attention_layer_norm/vars/1",
    "encoder.blocks.{i}.feed_forward.expand.kernel": "transformer_encoder_{i}/_feedforward_intermediate_dense/vars/0",
    "encoder.blocks.{i}.feed_forward.expand.bias": "transformer_encoder_{i}/_feedforward_intermediate_dense/vars/1",
    "encoder.blocks.{i}.feed_forward.contract.kernel": "transformer_encoder_{i}/_feedforward_output_dense/vars/0",
    "encoder.blocks.{i}.feed_forward.contract.bias": "transformer_encoder_{i}/_feedforward_output_dense/vars/1",
    "encoder.blocks.{i}.feed_forward_residual.norm.gamma": "transformer_encoder_{i}/_feedforward_layer_norm/vars/0",
    "encoder.blocks.{i}.feed_forward_residual.norm.beta": "transformer_encoder_{i}/_feedforward_layer_norm/vars/1",
    "pooler.kernel": "dense/vars/0",
    "pooler.bias": "dense/vars/1",
}  # fmt: skip
"""Our name of each tensor, and its path in their weights file; heads are an axis of their own there."""


class KerasHubCheckpoint(Checkpoint):
    """What `BertBackbone.save_to_preset` wrote, or a `BertBackbone` in memory.

    Args:
        source: The folder, or the backbone.

    Raises:
        CheckpointError: It is of another class, or its weights cannot be read.
    """

    def __init__(self, source):
        if hasattr(source, "get_config"):
            super().__init__(source.name)
            self._folder = None
            config, found = source.get_config(), type(source).__name__
        else:
            super().__init__(source)
            self._folder = self.path
            saved = read_json(self.path / CONFIG)
            config, found = saved.get("config"), saved.get("class_name")
        if found != CLASS or not isinstance(config, dict):
            raise CheckpointError(
                f"{self.path}: the class must be {CLASS}, the one that is read from KerasHub, but is "
                f"{found or 'missing'}."
            )
        file = self.path / CONFIG
        counts = {ours: read_count(config, theirs, file) for ours, theirs in SIZES.items()}
        require_divisor(config, SIZES["heads"], SIZES["dim"], file)
        dropout = read_number(config, "dropout", 0.1, file)
        # KerasHub approximates GELU, and has one rate of dropout.
        self.sizes = Sizes(**counts, dropout=dropout, attention_dropout=dropout, activation="gelu_tanh")
        self._file = _WeightsFile(self.path / WEIGHTS) if self._folder else _written(source)

    def recipe(self):
        tokenizer = {"type": "wordpiece", "vocab_size": self.sizes.vocab_size, "lowercase": self._lowercase()}
        return {"model": self.sizes.model(), "tokenizer": tokenizer}

    def write_tokenizer(self, folder):
        self._pieces()
        folder.mkdir(exist_ok=True)
        shutil.copyfile(self._folder / VOCABULARY, folder / vocabulary.FILE)

    def tensors(self):
        return {name: _joined_shape(name, shape) for name, shape in self._file.shapes.items()}

    def read(self, name):
        array = np.asarray(self._file.read(name), "float32")
        return array.reshape(_joined_shape(name, array.shape))

    def name_of(self, place):
        name = their_name(place.name, NAMES)
        return name and name.replace("transformer_encoder_0/", "transformer_encoder/")

    def in_backbone(self, name):
        return True

    def _pieces(self):
        if self._folder is None or not (self._folder / VOCABULARY).is_file():
            raise CheckpointError(
                f"{self.path} holds no vocabulary ({VOCABULARY}): save the preset's tokenizer into it, too, "
                "with KerasHub's `tokenizer.save_to_preset`."
            )
        pieces = vocabulary.read_pieces(self._folder / VOCABULARY)
        vocabulary.check_pieces(pieces, self._folder / VOCABULARY, self.sizes.vocab_size)
        return pieces

    def _lowercase(self):
        file = self.path / TOKENIZER
        if file.is_file():
            config = read_json(file).get("config")
            if isinstance(config, dict) and isinstance(config.get("lowercase"), bool):
                return config["lowercase"]
        return vocabulary.is_lower_case(self._pieces())


class _WeightsFile:
    """Tensors of a weights file of Keras, each read when it is asked for."""

    def __init__(self, path):
        import h5py

        try:
            self._file = h5py.File(path, "r")
        except OSError as error:
            reason = "there is none" if not path.is_file() else str(error).splitlines()[0]
            raise CheckpointError(f"{path} cannot be read as Keras's weights: {reason}.") from None
        self.shapes = {}
        self._file.visititems(self._note)

    def _note(self, name, entry):
        if hasattr(entry, "shape"):
            self.shapes[name.removeprefix("layers/")] = tuple(entry.shape)

    def read(self, name):
        return self._file[f"layers/{name}"][()]


def _written(backbone):
    """Return the weights file of a backbone in memory."""
    with tempfile.TemporaryDirectory(prefix="keras_transformers_") as folder:
        path = Path(folder) / WEIGHTS
        backbone.save_weights(path)
        return _WeightsFile(path)  # stays open when its name is gone


def _joined_shape(name, shape):
    """Return the shape with heads and their width as one axis."""
    found = re.search(r"_self_attention_layer/(query|key|value|output)_dense/vars/(0|1)$", name)
    if found is None or (found[1] == "output" and found[2] == "1"):
        return tuple(shape)
    if found[1] == "output":
        return (shape[0] * shape[1], *shape[2:])
    return (*shape[:-2], shape[-2] * shape[-1])
