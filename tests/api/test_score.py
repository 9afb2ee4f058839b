"""`kt.score` and `keras-transformers score`, on runs and SavedModels."""

import io
import json
import types

import capi
import numpy as np
import pytest
import tensorflow as tf
from bert_run import write_bert_run
from test_language_model_run import recipe as language_model_recipe
from two_languages import recipe as two_languages

import keras_transformers as kt
from keras_transformers.api import score as scoring
from keras_transformers.cli import main
from keras_transformers.errors import DataError, ExportError, RecipeError, RunError

PAIRS = [("3 May 2021", "2021-05-03"), ("am 4. Juni 1999", ""), ("JULY 4, 1776", "1776-07-04 " * 9), ("☃", "⁂")]
SIDES = {"type": "sides", "source": {"type": "sentencepiece", "vocab_size": 31}, "target": {"type": "characters"}}
TEXTS = ["the cat sat on a mat.", "", "under the big red log"]

recipe = language_model_recipe  # a fixture


@pytest.fixture(scope="module")
def exported(trained, tmp_path_factory):
    return kt.export(trained, tmp_path_factory.mktemp("exported") / "model")


@pytest.fixture(scope="module")
def language_model(recipe, tmp_path_factory):
    return kt.train(recipe.with_overrides({"training.epochs": 1}), tmp_path_factory.mktemp("runs") / "run")


@pytest.fixture
def run(capsys, monkeypatch):
    """Run the command line on a text; return exit status, standard output and standard error."""

    def run(*argv, text=None):
        if text is not None:
            monkeypatch.setattr("sys.stdin", types.SimpleNamespace(buffer=io.BytesIO(text.encode())))
        status = main([str(one) for one in argv])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


def test_a_run_and_its_saved_model_score_alike(trained, exported):
    found = list(kt.score(trained, PAIRS, tokens=True))
    assert [set(one) for one in found] == [{"score", "tokens", "token_scores"}] * len(PAIRS)
    for one, (_, target) in zip(found, PAIRS):
        assert len(one["tokens"]) == len(one["token_scores"]) == len(target) + 1
        assert one["tokens"][-1] == "</s>"
        assert one["score"] == pytest.approx(sum(one["token_scores"]), abs=1e-4)
        assert max(one["token_scores"]) < 0
    assert "".join(found[0]["tokens"][:-1]) == "2021-05-03"
    of_saved = list(kt.score(exported, PAIRS, tokens=True))
    assert [one["tokens"] for one in of_saved] == [one["tokens"] for one in found]
    np.testing.assert_allclose([one["score"] for one in of_saved], [one["score"] for one in found], rtol=0, atol=1e-4)
    assert list(kt.score(exported, PAIRS)) == [{"score": one["score"]} for one in of_saved]
    assert list(kt.score(trained, [])) == []


def test_answers_that_end_have_the_score_of_predict(tmp_path):
    tree = two_languages(tmp_path, SIDES, **{"training.epochs": 12, "data.valid": None, "data.batch_tokens": 256})
    run = kt.train(tree, tmp_path / "run")
    sources = [line.split("\t")[0] for line in (tmp_path / "test.tsv").read_text(encoding="utf-8").splitlines()]
    answers = list(kt.predict(run, sources))
    ended = [(source, one) for source, one in zip(sources, answers) if len(one["text"]) < 12]
    assert len(ended) > 15
    assert len({one["text"] for _, one in ended}) > 5
    found = kt.score(run, [(source, one["text"]) for source, one in ended])
    wanted = [one["score"] for _, one in ended]
    np.testing.assert_allclose([one["score"] for one in found], wanted, rtol=0, atol=1e-4)


def test_the_score_of_a_text_is_what_evaluation_says_of_it(language_model, tmp_path):
    text = "the cat sat on a small red mat."
    (tmp_path / "text.txt").write_text(text)
    documents = {"data.root": None, "data.test": {"type": "documents", "paths": [str(tmp_path / "text.txt")]}}
    scores = kt.evaluate(kt.load_run(language_model.path, documents))
    (found,) = kt.score(language_model, [text], tokens=True)
    assert "".join(found["tokens"]) == f"{text}</s>"
    # Evaluation takes probabilities among all tokens, of which a trained model gives two next to nothing.
    assert -found["score"] / len(found["tokens"]) == pytest.approx(scores["loss"], rel=0.05)
    saved = kt.export(language_model, tmp_path / "saved")
    of_saved, of_run = list(kt.score(saved, TEXTS)), list(kt.score(language_model, TEXTS))
    np.testing.assert_allclose([one["score"] for one in of_saved], [one["score"] for one in of_run], rtol=0, atol=1e-4)
    assert of_run[1]["score"] < 0


def test_the_signature_is_the_documented_one(exported):
    signature = tf.saved_model.load(str(exported)).signatures["score"]
    takes = signature.structured_input_signature[1]
    assert {name: (spec.dtype, spec.shape.as_list()) for name, spec in takes.items()} == {
        "text": (tf.string, [None]), "target": (tf.string, [None]),
    }  # fmt: skip
    outputs = {name: (spec.dtype, len(spec.shape)) for name, spec in signature.structured_outputs.items()}
    assert outputs == {"score": (tf.float32, 1), "tokens": (tf.string, 2), "token_scores": (tf.float32, 2)}


def test_the_c_api_scores_the_same(trained, exported):
    texts = dict(zip(("text", "target"), map(list, zip(*PAIRS))))
    found = capi.run(exported, "score", texts)
    wanted = list(kt.score(trained, PAIRS, tokens=True))
    np.testing.assert_allclose(found["score"], [one["score"] for one in wanted], rtol=0, atol=1e-4)
    width = max(len(one["tokens"]) for one in wanted)
    rows = [found["tokens"][start : start + width] for start in range(0, len(found["tokens"]), width)]
    assert rows == [one["tokens"] + [""] * (width - len(one["tokens"])) for one in wanted]


def test_the_command_line(run, trained, exported, tmp_path):
    wanted = list(kt.score(trained, PAIRS, tokens=True))
    text = "".join(f"{source}\t{target}\n" for source, target in PAIRS)
    (tmp_path / "pairs.tsv").write_text(text, encoding="utf-8")
    status, out, _ = run("score", trained, tmp_path / "pairs.tsv")
    assert (status, out) == (0, "".join(f"{one['score']:.4f}\n" for one in wanted))
    status, out, _ = run("score", exported, "--tokens", text=text)
    assert status == 0
    fields = [line.split("\t") for line in out.splitlines()]
    assert [row[0] for row in fields] == [f"{one['score']:.4f}" for one in wanted]
    assert fields[1][1:] == [f"</s> {wanted[1]['score']:.4f}"]
    assert fields[0][1].split(" ")[0] == "2"
    status, out, _ = run("score", trained, "--json", "--out", tmp_path / "scores.jsonl", text=text)
    assert (status, out) == (0, "")
    lines = [json.loads(line) for line in (tmp_path / "scores.jsonl").read_text(encoding="utf-8").splitlines()]
    assert lines == [{"score": one["score"]} for one in wanted]
    status, out, _ = run("score", trained, "--json", "--tokens", text=text)
    assert [json.loads(line) for line in out.splitlines()] == wanted


def test_a_line_that_is_no_pair(run, trained, exported):
    for model in (trained, exported):
        status, out, err = run("score", model, text="a\tb\nno tab\nc\td\n")
        assert (status, out) == (2, "")
        assert err == "Line 2 must hold 2 texts separated by tabs (`text`, `target`), but has 1.\n"


def test_a_text_that_is_too_long(run, language_model, tmp_path, monkeypatch):
    monkeypatch.setattr(scoring, "CHUNK", 2)
    saved = kt.export(language_model, tmp_path / "saved")
    count = len(language_model.tokenizer().encode(["the cat sat " * 37])[0])
    for model in (language_model, saved):
        status, _, err = run("score", model, text="a\nb\nc\n" + "the cat sat " * 37 + "\n")
        assert status == 2
        assert err == f"The text of line 4 has {count} tokens, but the model can read 36.\n"


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        ("one text", "A list of texts must be given, but is one text, 'one text': put it in brackets."),
        (["no pair"], "Line 1 must be a pair of two texts, source and target, but is 'no pair'."),
        ([("a", "b"), ("a", None)], "Line 2 must be a pair of two texts, source and target, but is ('a', None)."),
    ],
)
def test_what_is_no_pair(trained, texts, sentence):
    with pytest.raises(DataError) as raised:
        kt.score(trained, texts)
    assert str(raised.value) == sentence


def test_a_pair_where_texts_are_scored(language_model):
    with pytest.raises(DataError, match=r"Line 1 must be a text, but is \('a', 'b'\)\."):
        kt.score(language_model, [("a", "b")])


def test_what_generates_nothing(run, bert_run, tmp_path):
    embedding = write_bert_run(tmp_path / "run", {"task": {"type": "sentence_embedding"}})
    sentence = (
        f"{embedding} cannot score texts: `task/sentence_embedding` generates none. Its own answers are those of "
        "`keras-transformers predict`."
    )
    with pytest.raises(RecipeError) as raised:
        kt.score(embedding, ["a"])
    assert str(raised.value) == sentence
    assert run("score", embedding, text="a\n") == (2, "", f"{sentence}\n")
    saved = kt.export(embedding, tmp_path / "saved")
    with pytest.raises(ExportError) as raised:
        kt.score(saved, ["a"])
    assert str(raised.value) == (
        f"{saved} is a SavedModel without the signature `score`: its task generates no text, or it was exported by an "
        "older version; then export the run again."
    )
    with pytest.raises(RunError, match="has no section `task`"):
        kt.score(bert_run, ["a"])
