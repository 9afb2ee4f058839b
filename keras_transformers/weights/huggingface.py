"""Hugging Face's folder of a BERT: config.json, model.safetensors (or its shards), vocab.txt."""

import os
import re
from pathlib import Path

import numpy as np

from ..errors import CheckpointError
from ..signature import Path as PathArgument
from ..signature import register
from . import bert_config
from .bert_checkpoint import BertCheckpoint
from .checkpoint_format import row_ranges
from .huggingface_heads import head_task
from .huggingface_tokenizer import read_length, read_tokenizer
from .json_config import read_json
from .known_settings import HUGGING_FACE_CONFIG
from .safetensors import SafetensorsFile
from .sentence_transformers import MODULES, sentence_model
from .settings import check
from .tokenizer_json import FILE as TOKENIZER_JSON

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
ADAPTER = "adapter_config.json"
PICKLED = re.compile(r"pytorch_model.*\.bin")
MODEL_TYPE = "bert"
PREFIX = "bert."  # before the backbone's names in a model with a head

NAMES = {
    "embed.embedding.table": "embeddings.word_embeddings.weight",
    "embed.position.table": "embeddings.position_embeddings.weight",
    "embed.segments": "embeddings.token_type_embeddings.weight",
    "embed.norm.gamma": "embeddings.LayerNorm.weight",
    "embed.norm.beta": "embeddings.LayerNorm.bias",
    "encoder.blocks.{i}.attention.query.kernel": "encoder.layer.{i}.attention.self.query.weight",
    "encoder.blocks.{i}.attention.query.bias": "encoder.layer.{i}.attention.self.query.bias",
    "encoder.blocks.{i}.attention.key.kernel": "encoder.layer.{i}.attention.self.key.weight",
    "encoder.blocks.{i}.attention.key.bias": "encoder.layer.{i}.attention.self.key.bias",
    "encoder.blocks.{i}.attention.value.kernel": "encoder.layer.{i}.attention.self.value.weight",
    "encoder.blocks.{i}.attention.value.bias": "encoder.layer.{i}.attention.self.value.bias",
    "encoder.blocks.{i}.attention.output_projection.kernel": "encoder.layer.{i}.attention.output.dense.weight",
    "encoder.blocks.{i}.attention.output_projection.bias": "encoder.layer.{i}.attention.output.dense.bias",
    "encoder.blocks.{i}.attention_residual.norm.gamma": "encoder.layer.{i}.attention.output.LayerNorm.weight",
    "encoder.blocks.{i}.attention_residual.norm.beta": "encoder.layer.{i}.attention.output.LayerNorm.bias",
    "encoder.blocks.{i}.feed_forward.expand.kernel": "encoder.layer.{i}.intermediate.dense.weight",
    "encoder.blocks.{i}.feed_forward.expand.bias": "encoder.layer.{i}.intermediate.dense.bias",
    "encoder.blocks.{i}.feed_forward.contract.kernel": "encoder.layer.{i}.output.dense.weight",
    "encoder.blocks.{i}.feed_forward.contract.bias": "encoder.layer.{i}.output.dense.bias",
    "encoder.blocks.{i}.feed_forward_residual.norm.gamma": "encoder.layer.{i}.output.LayerNorm.weight",
    "encoder.blocks.{i}.feed_forward_residual.norm.beta": "encoder.layer.{i}.output.LayerNorm.bias",
    "pooler.kernel": "pooler.dense.weight",
    "pooler.bias": "pooler.dense.bias",
}
"""Our name of each tensor of the backbone, and theirs; kernels are transposed."""

HEADS = {
    "head.masked_tokens.transform.kernel": "cls.predictions.transform.dense.weight",
    "head.masked_tokens.transform.bias": "cls.predictions.transform.dense.bias",
    "head.masked_tokens.norm.gamma": "cls.predictions.transform.LayerNorm.weight",
    "head.masked_tokens.norm.beta": "cls.predictions.transform.LayerNorm.bias",
    "head.masked_tokens.bias": "cls.predictions.bias",
    "head.next_sentence.kernel": "cls.seq_relationship.weight",
    "head.next_sentence.bias": "cls.seq_relationship.bias",
    "head.classifier.kernel": "classifier.weight",
    "head.classifier.bias": "classifier.bias",
    "head.spans.logits.kernel": "qa_outputs.weight",
    "head.spans.logits.bias": "qa_outputs.bias",
}
"""The same for the heads of tasks."""

TIED = ("cls.predictions.decoder.weight", "cls.predictions.decoder.bias")
"""What some versions store twice: the embedding and the bias of the masked-LM head."""

MASKED_LM_BIAS = "cls.predictions.bias"

BACKBONE = ("embeddings.", "encoder.", "pooler.")


def is_transposed(name):
    """Return whether a tensor of their name is a kernel, which PyTorch keeps as (outputs, inputs)."""
    return name.endswith(".weight") and not re.search(r"_embeddings\.|LayerNorm\.", name)


@register("checkpoint_format", "hugging_face")
class HuggingFaceCheckpoint(BertCheckpoint):
    """A folder that Transformers' `save_pretrained`, or `save` of sentence-transformers, wrote.

    Args:
        path: The folder.

    Raises:
        CheckpointError: It is of another architecture, its weights cannot be read, or it asks for what would compute
            otherwise.
    """

    summary = f"a Hugging Face folder ({CONFIG}, {WEIGHTS})"
    NAMES = NAMES
    KEYS = bert_config.COUNTS

    def __init__(self, path: PathArgument):
        super().__init__(path)
        self.sentence = sentence_model(self.path)
        self.folder = self.sentence.folder if self.sentence else self.path
        file = self.config_file = self.folder / CONFIG
        if (self.folder / ADAPTER).is_file():
            raise CheckpointError(
                f"{self.folder / ADAPTER}: Transformers would change the weights by this adapter, which is not read: "
                "merge it with PEFT's `merge_and_unload`, and save the model."
            )
        self.config = read_json(file)
        found = self.config.get("model_type")
        if found != MODEL_TYPE:
            raise CheckpointError(
                f"{file}: `model_type` must be {MODEL_TYPE}, the one architecture that is read from Hugging Face "
                f"folders, but is {found or 'missing'}."
            )
        self.settings_notes = check(self.config, HUGGING_FACE_CONFIG, file)
        self.sizes = bert_config.sizes_of(self.config, file)
        self._files = {}
        for one in self._weight_files():
            for stored in one.shapes:
                self._files[_plain(stored)] = (one, stored)
        if TIED[1] in self._files:  # of the two names of one tensor, a file may have either
            self._files.setdefault(MASKED_LM_BIAS, self._files[TIED[1]])
        self._check_sizes()

    @classmethod
    def recognizes(cls, source):
        return isinstance(source, Path) and ((source / CONFIG).is_file() or (source / MODULES).is_file())

    def task(self):
        return self._task()[0]

    def load(self, model, task=None):
        notes = self._task()[1] if task is None else []  # of a task that is not the checkpoint's, nothing is to say
        return [*super().load(model, task), *notes]

    def read_tokenizer(self):
        stored = read_tokenizer(self.folder, self.config, self.sizes.vocab_size)
        return self.sentence.tokenizer(stored) if self.sentence else stored

    def tensors(self):
        return {name: _turned(name, file.shapes[stored]) for name, (file, stored) in self._files.items()}

    def read(self, name):
        file, stored = self._files[name]
        array = np.asarray(file.read(stored), "float32")
        return array.T if is_transposed(name) else array

    def chunks(self, name):
        file, stored = self._files[name]
        if is_transposed(name):
            yield self.read(name)
            return
        for first, last in row_ranges(file.shapes[stored], 4):
            yield np.asarray(file.read_rows(stored, first, last), "float32")

    def tensor_name(self, name):
        return super().tensor_name(name) or HEADS.get(name)

    def shape_in_file(self, name, shape):
        return _turned(name, shape)

    def in_backbone(self, name):
        return name.startswith(BACKBONE)

    def is_state(self, name):
        return name in TIED or name.endswith(".position_ids")  # 0, 1, 2, …, kept by older versions

    def notes(self):
        notes = [*super().notes(), *(self.sentence.notes if self.sentence else ())]
        length, positions = self._length(), self.sizes.positions
        if length and not self.task():
            notes.append(
                f"{self.folder} says that texts are cut at {length:,} tokens; an encoder alone reads up to "
                f"{positions:,}."
            )
        cut, said = self.tokenizer.cut, self.sentence and self.sentence.length
        if cut and not said and cut < (length or positions):
            notes.append(
                f"{self.folder / TOKENIZER_JSON} cuts texts at {cut:,} tokens, which Transformers does not heed, nor "
                f"does this library: it reads up to {length or positions:,}."
            )
        return notes

    def _task(self):
        """Return the section `task`, or None, and notes: sentence vectors first, which have no class of their own."""
        if self.sentence and self.sentence.pools:
            return self.sentence.task(self._length()), []
        return head_task(self.config, self.tensors(), self.sizes, self._length(), self.config_file)

    def _length(self):
        """Return the most tokens of a text that the folder says, if the model has more positions, else None."""
        length = (self.sentence and self.sentence.length) or read_length(self.folder)
        return length if length and length < self.sizes.positions else None

    def _weight_files(self):
        """Return the `SafetensorsFile`s of the folder."""
        if (self.folder / WEIGHTS).is_file():
            return [SafetensorsFile(self.folder / WEIGHTS)]
        index = self.folder / INDEX
        if index.is_file():
            weight_map = read_json(index).get("weight_map")
            if not isinstance(weight_map, dict) or not all(isinstance(one, str) for one in weight_map.values()):
                raise CheckpointError(f"{index} is damaged: its `weight_map` names no file for each tensor.")
            return [SafetensorsFile(self.folder / name) for name in sorted(set(weight_map.values()))]
        pickled = sorted(name for name in os.listdir(self.folder) if PICKLED.fullmatch(name))
        hint = (
            f"; {pickled[0]} can hold code and is not read: save it with Transformers' `save_pretrained`"
            if pickled
            else ""
        )
        raise CheckpointError(f"{self.folder} holds neither {WEIGHTS} nor {INDEX}{hint}.")


def _plain(name):
    """Return a tensor's name without the prefix of models with a head, and with today's names of norms."""
    name = name.removeprefix(PREFIX)
    return re.sub(
        r"LayerNorm\.(gamma|beta)$", lambda found: "LayerNorm." + ("weight", "bias")[found[1] == "beta"], name
    )


def _turned(name, shape):
    return shape[::-1] if is_transposed(name) else shape
