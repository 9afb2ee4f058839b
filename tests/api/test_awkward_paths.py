"""From training to the exported model, in folders whose names are taken for something else."""

import json
import os
import shlex

import numpy as np
import pytest

import keras_transformers as kt
from keras_transformers.api.export import _portable
from keras_transformers.api.predict import predict
from keras_transformers.cli.parser import main
from keras_transformers.errors import TrainingInterrupted
from keras_transformers.recipe import load
from keras_transformers.runs.run import load_run

NAME = "a*b?[1] [red] :smile: %s {x} \\ \u00e9" + "'" + '"'
TEXTS = ["3 May 2021", "am 4. Juni 1999"]


@pytest.mark.long
def test_train_resume_evaluate_export_predict(tiny, tmp_path, interrupt_at, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / NAME
    interrupt_at(2)
    with pytest.raises(TrainingInterrupted) as raised:
        kt.train("dates", NAME, {**tiny, "training.average_last": 1})
    interrupt_at(None)
    command = str(raised.value).partition("Go on with: ")[2]
    assert main(shlex.split(command)[1:]) == 0
    said = capsys.readouterr().err
    assert f"resuming with the run's own recipe, {NAME}/recipe.yaml\n" in said
    assert f", the best → {NAME}/model.keras\n" in said
    run = load_run(path)
    scores = kt.evaluate(path, "valid")
    assert scores["exact_match"] == run.report["valid"]["exact_match"]
    exported = kt.export(path, tmp_path / f"out {NAME}")
    for one, two in zip(predict(path, TEXTS), predict(exported, TEXTS)):
        assert one["text"] == two["text"]
        np.testing.assert_allclose(one["score"], two["score"], rtol=1e-4)
    assert load(exported / "assets.extra" / "recipe.yaml").tree == _portable(run.recipe).tree
    kt.train("dates", NAME, {**tiny, "training.epochs": 1, "training.average_last": 1}, overwrite=True)
    assert sorted(os.listdir(tmp_path)) == sorted([NAME, f"out {NAME}"])


LABELS = [
    "08",
    "1E50",
    "0_8",
    "+.9",
    "~",
    "null",
    "yes",
    "=",
    "<<",
    "a\x85b",
    "a\u2028b",
    "\U0001f600",
    "2021-05-03",
    "- x",
    "{",
]


def test_labels_of_any_spelling_are_trained_kept_exported_and_said(tmp_path):
    """A classifier that only copies: what counts is how its labels come back."""
    lines = [json.dumps({"text": f"word{i} word", "label": label}) for i, label in enumerate(LABELS)]
    (tmp_path / "train.jsonl").write_text("\n".join(lines), encoding="utf-8")
    recipe = {
        "extends": "bert_tiny",
        "model": {"dim": 16, "encoder": {"layers": 1, "block": {"feed_forward": {"hidden_dim": 23}}}},
        "data": {
            "train": {"type": "json_lines", "path": str(tmp_path / "train.jsonl")},
            "batch_tokens": 64,
            "max_length": 16,
        },
        "tokenizer": {"type": "wordpiece", "vocab_size": 100},
        "task": "classification",
        "training": {"epochs": 1, "optimizer": "adam", "schedule": {"type": "constant", "rate": 1e-4}},
    }
    run = kt.train(recipe, tmp_path / "run")
    labels = load_run(tmp_path / "run").task().labels
    assert sorted(labels) == sorted(LABELS)
    exported = kt.export(run, tmp_path / "exported")
    assert load(exported / "assets.extra" / "recipe.yaml").tree["task"]["labels"] == labels
    texts = [f"word{i} word" for i in range(len(LABELS))]
    said = [answer["label"] for answer in predict(exported, texts)]
    assert said == [answer["label"] for answer in predict(run.path, texts)]
    assert set(said) <= set(LABELS)
