"""Google's checkpoints: a small one of our own, and a real one where it is."""

import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from awkward_paths import NAMES as NAMES_OF_PATHS
from small_bert import CONFIG, PIECES, build, outputs

from keras_transformers.api.import_checkpoint import import_checkpoint
from keras_transformers.errors import CheckpointError
from keras_transformers.weights import load_into, open_checkpoint
from keras_transformers.weights.bert_checkpoint import their_name
from keras_transformers.weights.google import NAMES
from keras_transformers.weights.tensor_names import backbone_of, places

REAL = Path(__file__).parents[3] / "shared" / "data" / "keras_bert_ckpt"


@pytest.fixture
def google(model, tmp_path):
    """A folder as Google's, with what an optimizer leaves in it."""
    folder = tmp_path / "google"
    folder.mkdir()
    arrays = {their_name(name, NAMES): place.variable.numpy() for name, place in places(model).items()}
    graph = tf.Graph()
    with graph.as_default(), tf.compat.v1.Session() as session:
        for name, array in arrays.items():
            tf.compat.v1.get_variable(name, initializer=array)
            tf.compat.v1.get_variable(f"{name}/adam_m", initializer=0.0)
        tf.compat.v1.get_variable("global_step", initializer=7)
        session.run(tf.compat.v1.global_variables_initializer())
        tf.compat.v1.train.Saver().save(session, str(folder / "bert_model.ckpt"), write_meta_graph=False)
    (folder / "checkpoint").unlink()
    config = {name: value for name, value in CONFIG.items() if name != "model_type"}
    (folder / "bert_config.json").write_text(json.dumps(config))
    (folder / "vocab.txt").write_text("\n".join(PIECES))
    return folder


def test_folder_and_prefix(google, model):
    for path in (google, google / "bert_model.ckpt"):
        other = build()
        assert load_into(other, path) == []
        for name, value in outputs(other).items():
            np.testing.assert_array_equal(value, outputs(model)[name])


@pytest.mark.parametrize("name", NAMES_OF_PATHS[:4])
def test_folders_and_prefixes_of_any_name(google, model, name):
    folder = google.rename(google.with_name(name))
    assert load_into(build(), folder) == []
    for file in folder.glob("bert_model.ckpt.*"):
        file.rename(file.with_name(file.name.replace("bert_model", name)))
    other = build()
    assert load_into(other, folder / f"{name}.ckpt") == []
    for key, value in outputs(other).items():
        np.testing.assert_array_equal(value, outputs(model)[key])


def test_which_of_several(google):
    for one in google.glob("bert_model.ckpt.*"):
        one.with_name(one.name.replace("bert_model", "model-7")).write_bytes(one.read_bytes())
    with pytest.raises(CheckpointError, match=r"holds several checkpoints, bert_model\.ckpt, model-7\.ckpt: name one"):
        open_checkpoint(google)
    for one in google.glob("*.index"):
        one.unlink()
    with pytest.raises(CheckpointError, match=r"holds bert_config\.json, but no checkpoint"):
        open_checkpoint(google)


def test_a_damaged_one(google):
    data = google / "bert_model.ckpt.data-00000-of-00001"
    data.write_bytes(data.read_bytes()[:99])
    with pytest.raises(CheckpointError, match=r"google is damaged at `bert/"):
        load_into(build(), google)


@pytest.mark.skipif(not REAL.is_dir(), reason=f"{REAL} is not there: data that the project does not ship")
def test_a_real_one(tmp_path):
    run = import_checkpoint(REAL, tmp_path / "run")
    stored = tf.train.load_checkpoint(str(REAL / "bert_model.ckpt"))
    model = backbone_of(run.model())
    table = stored.get_tensor("bert/embeddings/word_embeddings")
    np.testing.assert_array_equal(model.embed.embedding.table.numpy(), table)
    kernel = stored.get_tensor("bert/encoder/layer_1/intermediate/dense/kernel")
    np.testing.assert_array_equal(model.encoder.blocks[1].feed_forward.expand.kernel.numpy(), kernel)
    assert run.tokenizer().size == 15


@pytest.mark.skipif(not REAL.is_dir(), reason=f"{REAL} is not there: data that the project does not ship")
def test_its_heads_of_pretraining(tmp_path):
    run = import_checkpoint(REAL, tmp_path / "run")
    assert run.report["notes"][0].startswith(f"No file of {REAL} says whether text becomes lower case; the pieces")
    assert run.report["notes"][1:] == [f"`masked_tokens` is that of {REAL}.", f"`next_sentence` is that of {REAL}."]
    task = run.recipe.tree["task"]
    assert (task["type"], task["next_sentence"], task["length"]) == ("masked_lm", True, 16)
    stored = tf.train.load_checkpoint(str(REAL / "bert_model.ckpt"))
    judge = stored.get_tensor("cls/seq_relationship/output_weights")
    np.testing.assert_array_equal(run.model().get_layer("next_sentence").kernel.numpy(), judge.T)
    found = run.serving()(tf.constant(["[MASK]"]))
    assert found["tokens"].shape == (1, 1, 5)
