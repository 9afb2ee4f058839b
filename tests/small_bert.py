"""A BERT of small sizes, most of them prime, and a Hugging Face folder of it."""

import json

import numpy as np
import pytest
from safetensors.numpy import save_file

import keras_transformers as kt
from keras_transformers.weights.bert_checkpoint import their_name
from keras_transformers.weights.bert_sizes import Sizes
from keras_transformers.weights.huggingface import HEADS, NAMES, is_transposed
from keras_transformers.weights.tensor_names import places

SIZES = Sizes(vocab_size=29, dim=22, layers=3, heads=2, hidden_dim=17, positions=13)
PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghijklmnopqrstuvw", "##x"]
CONFIG = {
    "model_type": "bert",
    "vocab_size": 29,
    "hidden_size": 22,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "intermediate_size": 17,
    "max_position_embeddings": 13,
    "type_vocab_size": 2,
}
RNG = np.random.default_rng(0)
BATCH = {
    "tokens": np.array([[2, 5, 7, 3, 11, 3, 0], [2, 6, 3, 0, 0, 0, 0]], "int32"),
    "segments": np.array([[0, 0, 0, 0, 1, 1, 0], [0] * 7], "int32"),
}


def build(**changes):
    """Return a model of the sizes, no weight of it zero or one."""
    model = kt.build({"model": {**SIZES.model(), "vocab_size": SIZES.vocab_size, **changes}})
    for weight in model.weights:
        weight.assign(RNG.normal(scale=0.3, size=weight.shape))
    return model


def outputs(model, batch=BATCH):
    return {name: np.array(value) for name, value in model(batch).items()}


def weights_of(model):
    return {name: place.variable.numpy() for name, place in places(model).items()}


def as_hugging_face(model):
    """Return {Hugging Face's name: array} of a model."""
    found = {}
    for name, place in places(model).items():
        theirs = their_name(name, NAMES) or HEADS[name]
        array = place.variable.numpy()
        found[theirs] = array.T if is_transposed(theirs) else array
    return found


def write_folder(path, tensors, config=CONFIG, pieces=PIECES):
    path.mkdir(exist_ok=True)
    arrays = {name: np.ascontiguousarray(one) for name, one in tensors.items()}
    save_file(arrays, path / "model.safetensors", metadata={"format": "pt"})
    (path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (path / "vocab.txt").write_text("".join(f"{piece}\n" for piece in pieces), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def model():
    """A small BERT, its weights random."""
    return build()


@pytest.fixture
def tensors(model):
    """Its tensors, as Hugging Face names and turns them."""
    return as_hugging_face(model)


@pytest.fixture
def folder(tmp_path, tensors):
    """A Hugging Face folder of it."""
    return write_folder(tmp_path / "checkpoint", tensors)
