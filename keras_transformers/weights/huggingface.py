"""Hugging Face's folder of a BERT: config.json, model.safetensors (or its shards), vocab.txt."""

import json
import re
import shutil

import numpy as np

from ..errors import CheckpointError
from ..files import write_text
from . import bert_config, vocabulary
from .checkpoint import Checkpoint, row_ranges
from .huggingface_heads import head_task
from .json_config import read_json
from .safetensors import SafetensorsFile
from .sentence_transformers import sentence_task

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
TOKENIZER_CONFIG = "tokenizer_config.json"
TOKENIZER = "tokenizer.json"
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


def their_name(name, names=NAMES):
    """Return what a table calls the tensor of our name, or None."""
    number = re.search(r"\.blocks\.(\d+)\.", name)
    if number is None:
        return names.get(name)
    theirs = names.get(name.replace(number[0], ".blocks.{i}.", 1))
    return theirs and theirs.replace("{i}", number[1])


def is_transposed(name):
    """Return whether a tensor of their name is a kernel, which PyTorch keeps as (outputs, inputs)."""
    return name.endswith(".weight") and not re.search(r"_embeddings\.|LayerNorm\.", name)


class HuggingFaceCheckpoint(Checkpoint):
    """A folder that Transformers' `save_pretrained` wrote.

    Args:
        path: The folder.

    Raises:
        CheckpointError: It is of another architecture, or its weights cannot be read.
    """

    def __init__(self, path):
        super().__init__(path)
        file = self.path / CONFIG
        self.config = read_json(file)
        found = self.config.get("model_type")
        if found != MODEL_TYPE:
            raise CheckpointError(
                f"{file}: `model_type` must be {MODEL_TYPE}, the one architecture that is read from Hugging Face "
                f"folders, but is {found or 'missing'}."
            )
        self.sizes = bert_config.sizes_of(self.config, file)
        self._files = {}
        for one in self._weight_files():
            for stored in one.shapes:
                self._files[_plain(stored)] = (one, stored)
        if TIED[1] in self._files:  # of the two names of one tensor, a file may have either
            self._files.setdefault(MASKED_LM_BIAS, self._files[TIED[1]])

    def recipe(self):
        task, _ = self._task()
        return {"model": self.sizes.model(), "tokenizer": self._tokenizer(), **({"task": task} if task else {})}

    def task(self):
        return self._task()[0]

    def load(self, model, task=None):
        notes = self._task()[1] if task is None else []  # of a task that is not the checkpoint's, nothing is to say
        return [*super().load(model, task), *notes]

    def write_tokenizer(self, folder):
        pieces = self._pieces()
        folder.mkdir(exist_ok=True)
        if (self.path / vocabulary.FILE).is_file():
            shutil.copyfile(self.path / vocabulary.FILE, folder / vocabulary.FILE)
        else:
            write_text(folder / vocabulary.FILE, "".join(f"{piece}\n" for piece in pieces))

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

    def name_of(self, place):
        return their_name(place.name) or HEADS.get(place.name)

    def in_backbone(self, name):
        return name.startswith(BACKBONE)

    def is_state(self, name):
        return name in TIED or name.endswith(".position_ids")  # 0, 1, 2, …, kept by older versions

    def _task(self):
        """Return the section `task`, or None, and notes: sentence vectors first, which have no class of their own."""
        task, notes = sentence_task(self.path)
        if task or notes:
            return task, notes
        return head_task(self.config, self.tensors(), self.sizes, self.path / CONFIG)

    def _weight_files(self):
        """Return the `SafetensorsFile`s of the folder."""
        if (self.path / WEIGHTS).is_file():
            return [SafetensorsFile(self.path / WEIGHTS)]
        index = self.path / INDEX
        if index.is_file():
            weight_map = read_json(index).get("weight_map")
            if not isinstance(weight_map, dict) or not all(isinstance(one, str) for one in weight_map.values()):
                raise CheckpointError(f"{index} is damaged: its `weight_map` names no file for each tensor.")
            return [SafetensorsFile(self.path / name) for name in sorted(set(weight_map.values()))]
        pickled = sorted(file.name for file in self.path.iterdir() if re.fullmatch(r"pytorch_model.*\.bin", file.name))
        hint = (
            f"; {pickled[0]} can hold code and is not read: save it with Transformers' `save_pretrained`"
            if pickled
            else ""
        )
        raise CheckpointError(f"{self.path} holds neither {WEIGHTS} nor {INDEX}{hint}.")

    def _pieces(self):
        """Return the pieces, from vocab.txt or else from tokenizer.json."""
        file = self.path / vocabulary.FILE
        if file.is_file():
            pieces = vocabulary.read_pieces(file)
        else:
            file = self.path / TOKENIZER
            if not file.is_file():
                raise CheckpointError(f"{self.path} holds neither {vocabulary.FILE} nor {TOKENIZER}: no vocabulary.")
            model = read_json(file).get("model")
            ids = model.get("vocab") if isinstance(model, dict) and model.get("type") == "WordPiece" else None
            if not isinstance(ids, dict) or not _numbered(ids):
                raise CheckpointError(f"{file} holds no WordPiece vocabulary.")
            pieces = sorted(ids, key=ids.get)
        vocabulary.check_pieces(pieces, file, self.sizes.vocab_size)
        return pieces

    def _tokenizer(self):
        """Return the section `tokenizer`: as the tokenizer's settings say, else as the vocabulary shows."""
        file = self.path / TOKENIZER_CONFIG
        settings = read_json(file) if file.is_file() else {}
        lowercase = _switch(settings, "do_lower_case", file)
        accents = _switch(settings, "strip_accents", file)
        if _switch(settings, "tokenize_chinese_chars", file) is False:
            raise CheckpointError(f"{file}: `tokenize_chinese_chars` must be true, but is false.")
        if lowercase is None:
            lowercase = vocabulary.is_lower_case(self._pieces())
        said = {} if accents is None else {"strip_accents": accents}
        return {"type": "wordpiece", "vocab_size": self.sizes.vocab_size, "lowercase": lowercase, **said}


def _switch(settings, key, path):
    """Return a setting that is true, false or, as if it were not there, null: then None.

    Raises:
        CheckpointError: It is something else.
    """
    value = settings.get(key)
    if value is not None and not isinstance(value, bool):
        raise CheckpointError(f"{path}: `{key}` must be true or false, but is {json.dumps(value)}.")
    return value


def _numbered(ids):
    """Return whether the ids of pieces are 0, 1, 2, …, in any order."""
    return all(type(one) is int for one in ids.values()) and sorted(ids.values()) == list(range(len(ids)))


def _plain(name):
    """Return a tensor's name without the prefix of models with a head, and with today's names of norms."""
    name = name.removeprefix(PREFIX)
    return re.sub(
        r"LayerNorm\.(gamma|beta)$", lambda found: "LayerNorm." + ("weight", "bias")[found[1] == "beta"], name
    )


def _turned(name, shape):
    return shape[::-1] if is_transposed(name) else shape
