"""SavedModels whose weights are kept as bfloat16 or int8."""

from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from close import NETWORK, assert_close

import keras_transformers as kt
from keras_transformers.api.export import load
from keras_transformers.errors import ExportError
from keras_transformers.runs.run import load_run
from keras_transformers.weights.compressed import Compressed

TEXTS = ["3 May 2021", "", "am 4. Juni 1999", "☃ ⁂", "JULY 4, 1776"]
RNG = np.random.default_rng(5)


def rounded(weights, kind):
    """Return what a matrix comes back as."""
    if kind == "bfloat16":
        return np.asarray(keras.ops.cast(keras.ops.cast(weights, "bfloat16"), "float32"))
    rows = weights.reshape(-1, weights.shape[-1])
    rows = rows if rows.shape[0] >= rows.shape[1] else rows.T
    scale = np.abs(rows).max(axis=1, keepdims=True) / np.float32(127)
    found = np.rint(rows / np.where(scale > 0, scale, 1)) * scale
    return (found if weights.shape == found.shape else found.T.reshape(weights.shape)).astype("float32")


@pytest.fixture(scope="module", params=["bfloat16", "int8"])
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def compressed(trained, kind, tmp_path_factory):
    return kt.export(trained, tmp_path_factory.mktemp("exported") / kind, weights=kind)


def test_answers_are_those_of_rounded_weights(trained, compressed, kind):
    serving = load_run(trained.path).serving()
    for variable in serving.model.variables:
        if len(variable.shape) > 1 and np.prod(variable.shape) >= 1024:
            before = np.asarray(variable)
            variable.assign(rounded(before, kind))
            assert 0 < np.abs(np.asarray(variable) - before).max() < 0.02 * np.abs(before).max()
    wanted, found = serving(TEXTS), load(compressed)(tf.constant(TEXTS))
    assert found["text"].numpy().tolist() == wanted["text"].numpy().tolist()
    assert_close(found["score"], wanted["score"], NETWORK)


def test_the_file_is_smaller(trained, compressed, kind, tmp_path):
    plain = kt.export(trained, tmp_path / "plain")
    sizes = [(folder / "variables/variables.data-00000-of-00001").stat().st_size for folder in (plain, compressed)]
    assert sizes[1] < {"bfloat16": 0.9, "int8": 0.8}[kind] * sizes[0]  # this model is tiny


def test_weights_are_widened_once_a_call(compressed, kind):
    """However many steps a search takes: no loop widens a matrix again."""
    loaded = load(compressed)  # keeps its variables alive
    function = loaded.saved_model.signatures["serving_default"]
    kept = {"bfloat16": tf.bfloat16, "int8": tf.int8}[kind]
    assert any(one.dtype == kept for one in function.variables)
    inside = [
        node
        for body in function.graph.as_graph_def().library.function
        if "while" in body.signature.name
        for node in body.node_def
        if (node.op == "ReadVariableOp" and node.attr["dtype"].type == kept.as_datatype_enum)
        or (node.op == "Cast" and node.attr["SrcT"].type == kept.as_datatype_enum)
    ]
    assert not inside


def test_a_row_of_zeros_stays_one():
    variable = keras.Variable(np.concatenate([np.zeros((1, 32)), RNG.normal(size=(63, 32))]).astype("float32"))
    with Compressed([variable], "int8"):
        found = tf.function(lambda: variable + 0.0)()
    assert_close(found[0], np.zeros(32), NETWORK)
    assert np.abs(found - np.asarray(variable)).max() < 0.02


def test_small_weights_and_biases_are_left():
    variables = [keras.Variable(RNG.normal(size=shape).astype("float32")) for shape in [(2000,), (4, 4)]]
    with Compressed(variables, "int8") as scope:
        assert not scope.copies


def test_runs_that_decode_together(trained, tmp_path):
    runs = kt.ensemble([trained, trained])
    alone, both = (
        load(kt.export(run, tmp_path / name, weights="int8")) for name, run in (("alone", trained), ("both", runs))
    )
    texts = [function(tf.constant(TEXTS))["text"].numpy().tolist() for function in (alone, both)]
    assert texts[0] == texts[1]
    kinds = [one.dtype for one in both.saved_model.signatures["serving_default"].variables]
    assert kinds.count(tf.int8) == 2 * [
        one.dtype for one in alone.saved_model.signatures["serving_default"].variables
    ].count(tf.int8)


def test_a_serving_module_without_matrices_is_refused(trained, tmp_path, monkeypatch):
    monkeypatch.setattr("keras_transformers.weights.compressed.LEAST", 10**9)
    with pytest.raises(ExportError, match=r"^There are no float32 matrices to keep as int8: leave out `weights`\.$"):
        kt.export(trained, tmp_path / "none", weights="int8")


def test_what_is_refused(trained, tmp_path):
    with pytest.raises(ExportError, match=r"^`weights` must be float32, bfloat16 or int8, but is 'int4'\.$"):
        kt.export(trained, tmp_path / "one", weights="int4")
    sentence = r"^Only a SavedModel keeps its weights as int8: leave out `weights` for ctranslate2\.$"
    with pytest.raises(ExportError, match=sentence):
        kt.export(trained, tmp_path / "two", format="ctranslate2", weights="int8")
    assert not list(Path(tmp_path).iterdir())
