import json

import numpy as np
import pytest
from close import NETWORK

from keras_transformers import recipe
from keras_transformers.api.complete import complete
from keras_transformers.api.evaluate import evaluate
from keras_transformers.api.export import export
from keras_transformers.api.predict import CHUNK, Answerer, predict
from keras_transformers.api.train import train
from keras_transformers.errors import DataError, ExportError, RecipeError, RunError
from keras_transformers.runs.run import Run

TEXTS = ["3 May 2021", "", "le 4 juin 1999", "☃"]


@pytest.fixture(scope="module")
def exported(trained, tmp_path_factory):
    return export(trained, tmp_path_factory.mktemp("exported") / "model")


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
    monkeypatch.setattr("keras_transformers.api.predict.answerer", lambda model, overrides: called)
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


def test_another_text_and_metric(trained, tmp_path, monkeypatch):
    (tmp_path / "new.tsv").write_text("3 May 2021\t2021-05-03\nle 4 juin 1999\t1999-06-04\n")
    monkeypatch.chdir(tmp_path)
    overrides = ["data.test={type: parallel_text, source: new.tsv}", "task.metrics=[chrf]"]
    scores = evaluate(trained.path, overrides=overrides)
    assert set(scores) == {"chrf", "chrf_signature", "split", "pairs"}
    assert scores["pairs"] == 2
    assert "new.tsv" not in trained.recipe_file.read_text()
    with pytest.raises(DataError) as raised:  # a folder that is named goes before the working directory
        evaluate(trained.path, overrides=[*overrides, f"data.root={tmp_path}/elsewhere"])
    assert f"{tmp_path}/elsewhere/new.tsv" in str(raised.value)
    with pytest.raises(RecipeError) as raised:
        evaluate(trained.path, overrides=["task.metric=chrf"])
    assert "did you mean `metrics`?" in str(raised.value).lower()


def test_the_training_text_is_scored(trained, tiny):
    scores = evaluate(trained.path, "train")
    assert (scores["split"], scores["pairs"]) == ("train", tiny["data.train.size"])


def test_answers_are_written_with_their_scores(trained, tmp_path):
    scores = evaluate(trained.path, out=tmp_path / "scored.jsonl", overrides=["task.metrics=[exact_match, bleu]"])
    lines = [json.loads(line) for line in (tmp_path / "scored.jsonl").read_text().splitlines()]
    assert len(lines) == scores["pairs"]
    assert all(set(line) == {"text", "answer", "reference", "exact_match", "bleu"} for line in lines)
    assert np.mean([line["exact_match"] for line in lines]) == pytest.approx(scores["exact_match"])
    answers = [answer["text"] for answer in predict(trained.path, [line["text"] for line in lines])]
    assert answers == [line["answer"] for line in lines]
    for line in lines:
        assert line["exact_match"] == 100.0 * (line["answer"] == line["reference"])


def test_a_saved_model_is_scored_as_its_run(trained, exported):
    assert evaluate(exported) == evaluate(trained.path)


def test_a_saved_model_takes_no_settings(exported):
    with pytest.raises(RecipeError) as raised:
        next(predict(exported, ["a"], overrides=["task.search.max_ratio=0.1", "task.search.max_extra=2"]))
    message = f"{exported} is a SavedModel, which answers as it was exported: export the run with --set."
    assert str(raised.value) == message


def test_settings_of_one_call(trained, tmp_path):
    short = ["task.search.max_ratio=0.1", "task.search.max_extra=2"]
    (answer,) = predict(trained, TEXTS[:1], overrides=short)
    (usual,) = predict(trained, TEXTS[:1])
    assert len(answer["text"]) < len(usual["text"])
    folder = export(trained, tmp_path / "short", overrides=short)
    assert next(predict(folder, TEXTS[:1]))["text"] == answer["text"]
    assert "max_extra: 2" in (folder / "assets.extra" / "recipe.yaml").read_text()


def test_a_run_remembers_where_its_text_lies(tmp_path, monkeypatch, tiny):
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    (tmp_path / "here" / "pairs.tsv").write_text("".join(f"{i} May\tMay {i}\n" for i in range(40)))
    source = {"type": "parallel_text", "source": "pairs.tsv"}
    monkeypatch.chdir(tmp_path / "here")
    data = {f"data.{split}": source for split in ("train", "valid", "test")}
    settings = {name: value for name, value in tiny.items() if not name.startswith("data.")}
    run = train("dates", tmp_path / "run", {**settings, **data, "training.epochs": 1})
    monkeypatch.chdir(tmp_path / "there")
    assert evaluate(run.path)["pairs"] == 40


def test_pretraining_is_scored_by_its_model(tmp_path):
    run = Run(tmp_path)
    run.write_recipe(recipe.load("pretrain_pydocs"))
    with pytest.raises(RecipeError) as raised:
        evaluate(run, out=tmp_path / "scored.jsonl")
    assert str(raised.value) == "`task/masked_lm` scores what its model computes, and gives no answers to write."
    assert not (tmp_path / "scored.jsonl").exists()


def test_what_generates_nothing_has_no_prefix_and_no_words(tmp_path):
    run = Run(tmp_path)
    run.write_recipe(recipe.load("pretrain_pydocs"))
    for asking in ({"n_best": 2}, {"prefix": "a"}, {"seed": 0}):
        with pytest.raises(RecipeError) as raised:
            next(iter(predict(run, ["a"], **asking)))
        assert str(raised.value) == (
            "`task/masked_lm` generates nothing: several answers, prefixes and seeds are for tasks with a search, such "
            "as `translation` and `language_model`."
        )
    with pytest.raises(RecipeError) as raised:
        next(complete(run, "a"))
    assert str(raised.value) == (
        "`task/masked_lm` generates nothing: only tasks with a search, such as `language_model`, do."
    )


def test_a_prefix_for_each_line(trained):
    short = ["task.search.max_length=6"]
    found = list(predict(trained, TEXTS[::2], short, prefix=["20", ""]))
    assert found[0]["texts"][0].startswith("20")
    (usual,) = predict(trained, TEXTS[2:3], short)
    assert found[1]["texts"] == [usual["text"]]
    assert found[1]["scores"] == [pytest.approx(usual["score"], rel=NETWORK)]
    with pytest.raises(DataError) as raised:
        next(iter(predict(trained, TEXTS, short, prefix=["20"])))
    assert str(raised.value) == "`prefix` must have one text for each of the 4 lines, but has 1."


def test_what_shows_nothing_has_one_answer(trained):
    search = ["task.search={type: beam, beams: 3, max_length: 5}"]
    blank, usual = predict(trained, ["", TEXTS[0]], search, n_best=3)
    assert blank == {"texts": [""], "scores": [0.0], "tokens": [[]], "token_scores": [[]]}
    assert len(usual["texts"]) == len(set(map(tuple, usual["tokens"]))) == 3


def test_what_is_no_prompt(trained):
    with pytest.raises(DataError) as raised:
        complete(trained, ["3 May 2021"])
    assert str(raised.value) == "`prompt` must be a str, but is ['3 May 2021']."
