"""A recurrent translator from data to a SavedModel: nothing else knows that it is one."""

import numpy as np
import pytest
import tensorflow as tf
from close import SUMS, assert_close

import keras_transformers as kt
from keras_transformers.errors import ExportError

TEXTS = ["3 May 2021", "", "le 4 juin 1999", "12/11/2001"]
BEAM = ["task.search={type: beam, beams: 3, n_best: 2, max_length: 12}"]


@pytest.fixture(scope="module", params=["additive", None], ids=["attention", "without"])
def run(request, tmp_path_factory):
    small = {
        "model.dim": 16,
        "model.decoder.attention": request.param,
        "data.train.size": 300,
        "data.valid.size": 23,
        "data.test.size": 31,
        "data.batch_tokens": 1024,
        "training.precision": "float32",
        "training.epochs": 2,
        "training.schedule.warmup": 10,
    }
    return kt.train("dates_rnn", tmp_path_factory.mktemp("runs") / "run", small)


def test_it_learns(run):
    losses = [epoch["val_loss"] for epoch in run.history]
    assert losses[1] < losses[0]
    assert set(kt.evaluate(run)) >= {"exact_match"}


@pytest.mark.parametrize("overrides", [[], BEAM], ids=["greedy", "beam"])
def test_a_saved_model_answers_as_the_run(run, overrides, tmp_path):
    exported = kt.export(run, tmp_path / "exported", overrides=overrides)
    wanted = list(kt.predict(run, TEXTS, overrides))
    served = tf.saved_model.load(str(exported)).signatures["serving_default"](text=tf.constant(TEXTS))
    assert [text.decode() for text in served["text"].numpy()] == [row["text"] for row in wanted]
    assert_close(served["score"].numpy(), [row["score"] for row in wanted], SUMS)
    if overrides:
        for row, answer in zip(kt.predict(exported, TEXTS, n_best=2), wanted):
            assert row["texts"][0] == answer["text"]
            assert row["scores"] == sorted(row["scores"], reverse=True)


def test_scores_are_those_of_its_answers(run):
    (row,) = kt.predict(run, TEXTS[:1])
    ((score, *_),) = [list(found.values()) for found in kt.score(run, [(TEXTS[0], row["text"])])]
    assert np.isfinite(score)


def test_alignments_are_drawn(run):
    model = run.model()
    if model.decoder.attention is None:
        with pytest.raises(kt.errors.RunError, match="holds a model without attention"):
            kt.attend(run, TEXTS[0])
        return
    seen = kt.attend(run, TEXTS[0], second="2021-05-03")
    (cross,) = seen.maps
    assert cross.kind == "cross"
    assert cross.keys == [*TEXTS[0], "</s>"]
    assert [each.shape for each in cross.layers] == [(1, 11, 11)]
    assert_close(cross.layers[0].sum(-1), 1.0, SUMS)


def test_it_is_no_transformer_for_ctranslate2(run, tmp_path):
    with pytest.raises(ExportError, match="`model` must be `transformer`, but is `rnn`"):
        kt.export(run, tmp_path / "theirs", format="ctranslate2")
