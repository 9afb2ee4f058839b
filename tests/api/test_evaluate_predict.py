import pytest
from close import NETWORK

from keras_transformers.api.evaluate import evaluate
from keras_transformers.api.predict import CHUNK, Answerer, predict
from keras_transformers.errors import DataError, ExportError, RecipeError, RunError
from keras_transformers.runs.run import Run

TEXTS = ["3 May 2021", "", "le 4 juin 1999", "☃"]


def test_the_test_split_is_scored(trained, tiny):
    scores = evaluate(trained.path)
    assert set(scores) == {"exact_match", "split", "pairs"}
    assert (scores["split"], scores["pairs"]) == ("test", tiny["data.test.size"])


def test_the_validation_score_is_the_reports(trained):
    scores = evaluate(trained, "valid")
    assert scores["exact_match"] == trained.report["valid"]["exact_match"]


def test_a_split_without_text_is_named(tmp_path, trained):
    run = Run(tmp_path)
    run.write_recipe(trained.recipe.with_overrides({"data.test": None}))
    with pytest.raises(RecipeError) as raised:
        evaluate(tmp_path)
    assert str(raised.value) == f"{tmp_path}/recipe.yaml names no text for `data.test`."


def test_every_line_is_answered_in_order(trained):
    found = list(predict(trained.path, TEXTS))
    assert len(found) == len(TEXTS)
    alone = list(predict(trained, TEXTS[:1]))
    assert alone[0]["text"] == found[0]["text"]
    assert alone[0]["score"] == pytest.approx(found[0]["score"], rel=NETWORK)
    assert all(isinstance(one["text"], str) and isinstance(one["score"], float) for one in found)


def test_nothing_is_answered_with_nothing(trained):
    assert list(predict(trained, [])) == []


def test_more_lines_than_a_chunk(monkeypatch):
    import numpy as np
    import tensorflow as tf

    calls = []

    def answer(text):
        calls.append(len(text))
        return {"text": text, "score": tf.zeros(len(text))}

    called = Answerer(answer, ("text",), "text")
    monkeypatch.setattr("keras_transformers.api.predict.answerer", lambda model: called)
    lines = [str(number) for number in range(2 * CHUNK + 1)]
    assert [one["text"] for one in predict("model", lines)] == lines
    assert calls == [CHUNK, CHUNK, 1]
    assert np.sum(calls) == len(lines)


def test_what_is_neither_a_run_nor_a_saved_model(tmp_path):
    with pytest.raises(RunError, match="is not a run directory"):
        list(predict(tmp_path, ["a"]))


def test_a_saved_model_that_is_none(tmp_path):
    (tmp_path / "saved_model.pb").write_bytes(b"nonsense")
    with pytest.raises(ExportError, match=f"^{tmp_path} cannot be loaded as a SavedModel: "):
        list(predict(tmp_path, ["a"]))


def test_one_text_is_no_list_of_texts(trained):
    with pytest.raises(DataError) as caught:
        next(iter(predict(trained, "3 May 2021")))
    assert str(caught.value) == "A list of texts must be given, but is one text, '3 May 2021': put it in brackets."
