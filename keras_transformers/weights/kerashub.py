"""KerasHub's BertBackbone: a preset's folder (config.json, model.weights.h5), or the object itself."""

import re
import tempfile
from pathlib import Path

import keras
import numpy as np

from ..errors import CheckpointError
from ..signature import Path as PathArgument
from ..signature import register
from . import vocabulary
from .bert_checkpoint import BertCheckpoint, StoredTokenizer
from .bert_sizes import Sizes
from .json_config import read_count, read_json, read_number, require_divisor
from .known_settings import (
    KERASHUB_BACKBONE,
    KERASHUB_OBJECT,
    KERASHUB_PACKING,
    KERASHUB_PREPROCESSOR,
    KERASHUB_TOKENIZER,
)
from .settings import check, shown
from .tokenizer_json import read_switch

CONFIG = "config.json"
WEIGHTS = "model.weights.h5"
SHARDS = "model.weights.json"
TOKENIZER = "tokenizer.json"
TASK = "task.json"
PREPROCESSOR = "preprocessor.json"
VOCABULARY = "assets/tokenizer/vocabulary.txt"
CLASS = "BertBackbone"
TOKENIZER_CLASS = "BertTokenizer"
PLAIN = "DTypePolicy"  # Keras's policies without quantization

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


@register("checkpoint_format", "keras_hub")
class KerasHubCheckpoint(BertCheckpoint):
    """What `BertBackbone.save_to_preset` wrote, or a `BertBackbone` in memory.

    Args:
        source: The folder, or the backbone.

    Raises:
        CheckpointError: It is of another class, its weights cannot be read, or it asks for what would compute
            otherwise.
    """

    summary = f"a KerasHub preset ({CONFIG}, {WEIGHTS})"
    NAMES = NAMES
    KEYS = SIZES

    def __init__(self, source: PathArgument):
        if isinstance(source, keras.Model):
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
        file = self.config_file = self.path / CONFIG
        if self._folder is not None:
            self.settings_notes = [*check(saved, KERASHUB_OBJECT, file), *_head_notes(self.path)]
        self.settings_notes += check(config, KERASHUB_BACKBONE, f"{file}, `config`")
        _refuse_quantized(config, file)
        counts = {ours: read_count(config, theirs, file) for ours, theirs in SIZES.items()}
        require_divisor(config, SIZES["heads"], SIZES["dim"], file)
        dropout = read_number(config, "dropout", 0.1, file)
        # KerasHub approximates GELU, and has one rate of dropout.
        self.sizes = Sizes(**counts, dropout=dropout, attention_dropout=dropout, activation="gelu_tanh")
        if self._folder is not None:
            self.settings_notes += _length_notes(self.path, self.sizes.positions)
        self._file = self._weights() if self._folder else _written(source)
        self._check_sizes()

    @classmethod
    def recognizes(cls, source):
        if not isinstance(source, Path):
            return isinstance(source, keras.Model)
        return (source / WEIGHTS).is_file() or (source / SHARDS).is_file()

    def read_tokenizer(self):
        if self._folder is None or not (self._folder / VOCABULARY).is_file():
            raise CheckpointError(
                f"{self.path} holds no vocabulary ({VOCABULARY}): save the preset's tokenizer into it, too, "
                "with KerasHub's `tokenizer.save_to_preset`."
            )
        pieces, file = vocabulary.read_pieces(self._folder / VOCABULARY), self._folder / TOKENIZER
        if not file.is_file():
            return StoredTokenizer(pieces, self._folder / VOCABULARY)
        saved = read_json(file)
        config = saved.get("config")
        if saved.get("class_name") != TOKENIZER_CLASS or not isinstance(config, dict):
            raise CheckpointError(
                f"{file}: the class must be {TOKENIZER_CLASS}, but is {shown(saved.get('class_name'))}, which may cut "
                "text into other pieces."
            )
        notes = [*check(saved, KERASHUB_OBJECT, file), *check(config, KERASHUB_TOKENIZER, f"{file}, `config`")]
        # Where its file does not say them, KerasHub does neither: unlike BERT's own, it keeps accents.
        switches = {key: bool(read_switch(config, key, file)) for key in ("lowercase", "strip_accents")}
        return StoredTokenizer(pieces, self._folder / VOCABULARY, notes=tuple(notes), **switches)

    def tensors(self):
        return {name: _joined_shape(name, shape) for name, shape in self._file.shapes.items()}

    def read(self, name):
        array = np.asarray(self._file.read(name), "float32")
        return array.reshape(_joined_shape(name, array.shape))

    def tensor_name(self, name):
        name = super().tensor_name(name)
        return name and name.replace("transformer_encoder_0/", "transformer_encoder/")

    def shape_in_file(self, name, shape):
        axes, width = _heads_in(name), self.sizes.dim // self.sizes.heads
        if axes is None or shape[axes] % width:
            return shape
        return (*shape[:axes], shape[axes] // width, width, *shape[axes + 1 :])

    def in_backbone(self, name):
        return True

    def _weights(self):
        if not (self.path / WEIGHTS).is_file() and (self.path / SHARDS).is_file():
            raise CheckpointError(
                f"{self.path} holds its weights in shards ({SHARDS}), which are not read: load the backbone with "
                "KerasHub and save it with `save_to_preset(folder, max_shard_size=None)`."
            )
        return _WeightsFile(self.path / WEIGHTS)


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


def _head_notes(path):
    """Return the sentence on a task's head in a preset, in a list, empty if there is none."""
    file = path / TASK
    if not file.is_file():
        return []
    kind = read_json(file).get("class_name")
    return [f"{file}: the head of {shown(kind)} is not read: the encoder is, alone."]


def _length_notes(path, positions):
    """Return sentences on how a task's preprocessor cuts texts, which an encoder alone does not."""
    file = path / PREPROCESSOR
    saved = read_json(file) if file.is_file() else {}
    notes, config = check(saved, KERASHUB_PREPROCESSOR, file), saved.get("config")
    if not isinstance(config, dict):
        return notes
    notes += check(config, KERASHUB_PACKING, f"{file}, `config`")
    if config.get("sequence_length") is None:
        return notes
    length = read_count(config, "sequence_length", f"{file}, `config`")
    if length < positions:
        most = f"an encoder alone reads up to {positions:,}"
        notes.append(f"{file} says that texts are cut at {length:,} tokens; {most}.")
    return notes


def _refuse_quantized(config, file):
    """Raise if weights are kept as other numbers than floats.

    Raises:
        CheckpointError: They are.
    """
    policy = config.get("dtype")
    kind = policy.get("class_name") if isinstance(policy, dict) else PLAIN
    if kind != PLAIN:
        raise CheckpointError(f"{file}: `dtype` must be a {PLAIN} without quantization, but is {shown(kind)}.")


def _heads_in(name):
    """Return the axis of our shape that is heads and their width in the file, or None."""
    found = re.search(r"_self_attention_layer/(query|key|value|output)_dense/vars/(0|1)$", name)
    if found is None or (found[1] == "output" and found[2] == "1"):
        return None
    return 0 if found[1] == "output" or found[2] == "1" else 1


def _joined_shape(name, shape):
    """Return the shape with heads and their width as one axis."""
    axis = _heads_in(name)
    if axis is None:
        return tuple(shape)
    return (*shape[:axis], shape[axis] * shape[axis + 1], *shape[axis + 2 :])
