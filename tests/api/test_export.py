import json
import subprocess
import sys
from pathlib import Path

import capi
import numpy as np
import pytest
import tensorflow as tf
from close import NETWORK, assert_close

import keras_transformers
from keras_transformers import recipe
from keras_transformers.api.export import SIGNATURE, export, load
from keras_transformers.errors import ExportError, RunError

TEXTS = ["3 May 2021", "", "am 4. Juni 1999", "☃ ⁂", "5 mai " * 70, " ", "2021-05-03\ttab", "JULY 4, 1776"]
FRESH = """
import json, sys
import tensorflow as tf, tensorflow_text
loaded = tf.saved_model.load(sys.argv[1])
found = loaded.signatures["serving_default"](text=tf.constant(json.load(sys.stdin), tf.string))
shown = {"text": [one.decode() for one in found["text"].numpy()], "score": found["score"].numpy().tolist()}
print(json.dumps([shown, sorted({"keras", "keras_transformers"} & set(sys.modules))]))
"""


@pytest.fixture(scope="module")
def exported(trained, tmp_path_factory):
    return export(trained, tmp_path_factory.mktemp("exported") / "model")


@pytest.fixture(scope="module")
def wanted(trained):
    """The run's own answers."""
    found = trained.serving()(TEXTS)
    return [text.decode() for text in found["text"].numpy()], found["score"].numpy()


def check(found, wanted):
    texts, scores = wanted
    assert found["text"] == texts
    assert_close(found["score"], scores, NETWORK)


def test_a_fresh_process_without_the_library_answers_the_same(exported, wanted, tmp_path):
    command = [sys.executable, "-c", FRESH, exported]
    done = subprocess.run(command, input=json.dumps(TEXTS), capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-4000:]
    found, _ = json.loads(done.stdout.splitlines()[-1])
    check(found, wanted)


def test_blank_lines_are_answered_with_nothing(wanted):
    texts, scores = wanted
    for number, text in enumerate(TEXTS):
        assert bool(text.strip()) == (scores[number] != 0)
        assert text.strip() or not texts[number]


def test_the_c_api_answers_the_same(exported, wanted):
    check(capi.run(exported, SIGNATURE, {"text": TEXTS}), wanted)


@pytest.mark.parametrize("count", [0, 1, 200])
def test_any_number_of_sentences(exported, count):
    found = load(exported)(tf.constant([f"{number} May 2021" for number in range(count)], tf.string))
    assert found["text"].shape == found["score"].shape == (count,)
    assert (found["text"].dtype, found["score"].dtype) == (tf.string, tf.float32)
    assert np.isfinite(found["score"]).all()
    assert (found["score"].numpy() <= 0).all()


def test_the_signature_is_the_documented_one(exported):
    signature = load(exported).saved_model.signatures[SIGNATURE]
    (text,) = signature.structured_input_signature[1].values()
    assert (text.name, text.dtype, text.shape.as_list()) == ("text", tf.string, [None])
    outputs = {name: (spec.dtype, spec.shape.as_list()) for name, spec in signature.structured_outputs.items()}
    assert outputs == {"text": (tf.string, [None]), "score": (tf.float32, [None])}


def test_no_path_of_this_machine_is_inside(exported, trained):
    content = b"".join(path.read_bytes() for path in exported.rglob("*") if path.is_file())
    for path in (
        trained.path,
        exported.parent,
        Path(keras_transformers.__file__).parent,
        Path(sys.prefix),
        Path.home(),
    ):
        assert f"{path}/".encode() not in content


def test_the_recipe_lies_beside_it(exported, trained):
    assert recipe.load(exported / "assets.extra" / "recipe.yaml").tree == trained.recipe.tree


def test_nothing_is_left_beside_it(exported):
    assert [path.name for path in exported.parent.iterdir()] == ["model"]


def test_a_saved_model_is_replaced_only_on_demand(exported, trained):
    with pytest.raises(ExportError) as raised:
        export(trained, exported)
    assert (
        str(raised.value)
        == f"{exported} already holds a SavedModel; add --overwrite to replace it, or give another folder."
    )
    before = (exported / "saved_model.pb").stat().st_ino
    assert export(trained, exported, overwrite=True) == exported
    assert (exported / "saved_model.pb").stat().st_ino != before


def test_what_is_no_saved_model_is_never_replaced(trained, tmp_path):
    (tmp_path / "thesis.txt").write_text("precious")
    for path in (tmp_path, tmp_path / "thesis.txt"):
        with pytest.raises(ExportError) as raised:
            export(trained, path, overwrite=True)
        assert str(raised.value) == f"{path} exists and is not a SavedModel; give another folder."
    assert (tmp_path / "thesis.txt").read_text() == "precious"


def test_a_folder_that_cannot_be_written(trained, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ExportError) as raised:
        export(trained, tmp_path / "file" / "model")
    assert str(raised.value) == f"{tmp_path}/file/model cannot be written: Not a directory."


def test_a_disk_that_is_full_leaves_the_old_model(exported, trained, monkeypatch):
    def full(*args, **kwargs):
        raise tf.errors.ResourceExhaustedError(None, None, "/x/variables; No space left on device")

    monkeypatch.setattr(tf.saved_model, "save", full)
    before = sorted(exported.rglob("*"))
    with pytest.raises(ExportError) as raised:
        export(trained, exported, overwrite=True)
    assert str(raised.value) == f"{exported} cannot be written: /x/variables; No space left on device."
    assert sorted(exported.rglob("*")) == before
    assert [path.name for path in exported.parent.iterdir()] == ["model"]


def test_a_run_that_has_not_ended(trained, tmp_path):
    run = keras_transformers.runs.run.Run(tmp_path / "run")
    run.path.mkdir()
    run.write_recipe(trained.recipe)
    with pytest.raises(RunError, match=r"holds no model\.keras: training has not ended"):
        export(run.path, tmp_path / "model")
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_saved_model_of_another_kind(tmp_path):
    tf.saved_model.save(tf.Module(), str(tmp_path / "other"))
    with pytest.raises(ExportError) as raised:
        load(tmp_path / "other")
    assert str(raised.value) == f"{tmp_path}/other is a SavedModel without the signature `serving_default`."
