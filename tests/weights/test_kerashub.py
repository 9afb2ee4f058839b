"""KerasHub's BertBackbone: the same outputs, and its weights to Hugging Face and back, bit for bit."""

import json

import keras_hub
import numpy as np
import pytest
from close import NETWORK, assert_close
from small_bert import BATCH, PIECES, build, outputs, weights_of

import keras_transformers as kt
from keras_transformers.api.export_huggingface import export_huggingface
from keras_transformers.api.import_checkpoint import import_checkpoint
from keras_transformers.errors import CheckpointError
from keras_transformers.weights import load_into, open_checkpoint


@pytest.fixture(scope="module")
def backbone():
    backbone = keras_hub.models.BertBackbone(29, 3, 2, 22, 17, max_sequence_length=13)
    rng = np.random.default_rng(0)
    for weight in backbone.weights:
        weight.assign(rng.normal(scale=0.3, size=weight.shape))
    return backbone


@pytest.fixture(scope="module")
def preset(backbone, tmp_path_factory):
    folder = tmp_path_factory.mktemp("preset")
    backbone.save_to_preset(folder)
    keras_hub.models.BertTokenizer(PIECES, lowercase=True).save_to_preset(folder)
    return folder


@pytest.mark.parametrize("source", ["backbone", "preset"])
def test_the_same_outputs(source, request, backbone):
    source = request.getfixturevalue(source)
    model = kt.build({"model": {**open_checkpoint(source).sizes.model(), "vocab_size": 29}})
    assert load_into(model, source) == []
    real = (BATCH["tokens"] != 0).astype("int32")
    expected = backbone({"token_ids": BATCH["tokens"], "segment_ids": BATCH["segments"], "padding_mask": real})
    found = outputs(model)
    assert_close(found["sequence"], np.array(expected["sequence_output"]), NETWORK)
    assert_close(found["pooled"], np.array(expected["pooled_output"]), NETWORK)


def test_to_hugging_face_and_back_bit_for_bit(preset, tmp_path):
    ours = import_checkpoint(preset, tmp_path / "ours")
    assert export_huggingface(ours, tmp_path / "theirs") == []
    back = import_checkpoint(tmp_path / "theirs", tmp_path / "back")
    first, last = weights_of(ours.model()), weights_of(back.model())
    assert first.keys() == last.keys()
    for name, array in first.items():
        np.testing.assert_array_equal(array, last[name])
    assert back.recipe.tree["model"] == ours.recipe.tree["model"]
    assert ours.recipe.tree["model"]["encoder"]["block"]["feed_forward"]["activation"] == "gelu_tanh"
    assert json.loads((tmp_path / "theirs" / "config.json").read_text())["hidden_act"] == "gelu_new"
    assert back.tokenizer().vocabulary == PIECES


def test_without_a_tokenizer(backbone, tmp_path):
    backbone.save_to_preset(tmp_path)
    for source in (backbone, tmp_path):
        with pytest.raises(CheckpointError, match="holds no vocabulary"):
            open_checkpoint(source).recipe()


def test_another_class(tmp_path):
    (tmp_path / "config.json").write_text('{"class_name": "GemmaBackbone", "config": {}}')
    (tmp_path / "model.weights.h5").write_bytes(b"")
    with pytest.raises(CheckpointError, match=r"the class must be BertBackbone, .*, but is GemmaBackbone\."):
        open_checkpoint(tmp_path)


def test_damaged_weights(preset, tmp_path):
    (tmp_path / "config.json").write_bytes((preset / "config.json").read_bytes())
    (tmp_path / "model.weights.h5").write_bytes(b"abc")
    with pytest.raises(CheckpointError, match=r"model\.weights\.h5 cannot be read as Keras's weights"):
        open_checkpoint(tmp_path)


def test_a_model_of_other_sizes(preset):
    model = build(dim=26)
    message = r"`dense/vars/0` has shape \(22, 22\); for this model it must be \(26, 26\)\."
    with pytest.raises(CheckpointError, match=message):
        load_into(model, preset)
