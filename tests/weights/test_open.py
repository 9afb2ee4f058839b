"""Formats recognize what they read, by class; one of one's own is asked before the library's."""

import keras
import numpy as np
import pytest
from folders import change_json
from small_bert import SIZES, build, outputs

import keras_transformers as kt
from keras_transformers.errors import CheckpointError, RegistryError
from keras_transformers.registry import local
from keras_transformers.weights import CheckpointFormat, load_into, open_checkpoint
from keras_transformers.weights.huggingface import HuggingFaceCheckpoint
from keras_transformers.weights.tensor_names import places


@pytest.fixture
def registered(monkeypatch):
    """Forget after the test what it registers."""
    monkeypatch.setattr(local, "_registered", dict(local._registered))


class NumPyCheckpoint(CheckpointFormat):
    """One .npz file with our own names of tensors, as a format of one's own is written."""

    summary = "a file of NumPy's (.npz)"

    def __init__(self, path):
        super().__init__(path)
        self.arrays = np.load(self.path)

    @classmethod
    def recognizes(cls, source):
        return str(source).endswith(".npz")

    def recipe(self):
        return {"model": SIZES.model(), "tokenizer": {"type": "wordpiece", "vocab_size": 29}}

    def write_tokenizer(self, folder):
        raise CheckpointError(f"{self.path} holds no vocabulary.")

    def tensors(self):
        return {name: self.arrays[name].shape for name in self.arrays}

    def read(self, name):
        return self.arrays[name]

    def name_of(self, place):
        return place.name

    def in_backbone(self, name):
        return True


def test_a_format_of_ones_own(registered, model, tmp_path):
    kt.register("checkpoint_format", "npz")(NumPyCheckpoint)
    np.savez(tmp_path / "bert.npz", **{name: place.variable.numpy() for name, place in places(model).items()})
    other = build()
    assert load_into(other, tmp_path / "bert.npz") == []
    np.testing.assert_array_equal(outputs(other)["pooled"], outputs(model)["pooled"])
    with pytest.raises(CheckpointError) as caught:
        open_checkpoint(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path} is not a checkpoint: it is neither a file of NumPy's (.npz), a run directory (recipe.yaml, "
        "model.keras), a KerasHub preset (config.json, model.weights.h5), a Hugging Face folder (config.json, "
        "model.safetensors) nor Google's (bert_config.json, bert_model.ckpt.index)."
    )


def test_it_is_asked_first(registered, folder):
    @kt.register("checkpoint_format", "mine")
    class Mine(HuggingFaceCheckpoint):
        """Reads the folders of one's own."""

        @classmethod
        def recognizes(cls, source):
            return super().recognizes(source) and source.name == folder.name

    assert type(open_checkpoint(folder)) is Mine
    assert type(open_checkpoint(folder.rename(folder.with_name("other")))) is HuggingFaceCheckpoint


def test_what_is_no_format_is_said(registered, tmp_path):
    with pytest.raises(RegistryError, match=r"`checkpoint_format/wrong`: Dense must have `recognizes`, `recipe`, "):
        kt.register("checkpoint_format", "wrong")(keras.layers.Dense)

    @kt.register("checkpoint_format", "made")
    def made(path: str):
        """Makes one."""

    with pytest.raises(RegistryError) as caught:
        open_checkpoint(tmp_path)
    assert str(caught.value).startswith(
        "`checkpoint_format/made` must be a subclass of `CheckpointFormat`, but is test_"
    )


def test_an_object_that_is_none():
    with pytest.raises(CheckpointError, match=r"^An object of the class dict is not a checkpoint: it is neither a run"):
        open_checkpoint({"a": 1})
    with pytest.raises(CheckpointError, match=r"the class must be BertBackbone, .*, but is Sequential\."):
        open_checkpoint(keras.Sequential([keras.Input((3,)), keras.layers.Dense(5)]))


SIZES_THAT_DIFFER = {
    "vocab_size": (10_000_000, "`embeddings.word_embeddings.weight` has shape (29, 22)"),
    "hidden_size": (9_999_998, "`embeddings.word_embeddings.weight` has shape (29, 22)"),
    "max_position_embeddings": (14, "`embeddings.position_embeddings.weight` has shape (13, 22)"),
    "type_vocab_size": (3, "`embeddings.token_type_embeddings.weight` has shape (2, 22)"),
    "intermediate_size": (10_000_000, "`encoder.layer.0.intermediate.dense.weight` has shape (17, 22)"),
}


@pytest.mark.parametrize("key", SIZES_THAT_DIFFER)
def test_no_size_is_believed_that_the_tensors_have_not(folder, key):
    size, tensor = SIZES_THAT_DIFFER[key]
    change_json(folder / "config.json", {key: size})
    with pytest.raises(CheckpointError) as caught:
        open_checkpoint(folder)
    assert str(caught.value) == f"{folder / 'config.json'}: `{key}` is {size:,}, but {tensor}."


def test_no_number_of_blocks_is_believed_that_the_tensors_have_not(folder):
    change_json(folder / "config.json", {"num_hidden_layers": 10_000_000})
    with pytest.raises(CheckpointError) as caught:
        open_checkpoint(folder)
    assert str(caught.value) == (
        f"{folder / 'config.json'}: `num_hidden_layers` is 10,000,000, but {folder} holds tensors of 3 only."
    )
