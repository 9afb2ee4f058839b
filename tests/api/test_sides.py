"""A tokenizer a side, from files to a SavedModel."""

import json

import numpy as np
import pytest
import sacrebleu
import sentencepiece
import tensorflow as tf
from two_languages import recipe, sentences

import keras_transformers as kt
from keras_transformers.errors import RecipeError
from keras_transformers.recipe import schema
from keras_transformers.text.special import BOS, EOS

SIDES = {"type": "sides", "source": {"type": "sentencepiece", "vocab_size": 31}, "target": {"type": "characters"}}
TEXTS = ["one two three", "", "nine", "seven seven zero eight four", "one two three"]


@pytest.fixture(scope="module", params=["none", "target"])
def run(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sides")
    (folder / "data").mkdir()
    tree = recipe(folder / "data", SIDES, **{"model.tie": request.param})
    return kt.train(tree, folder / "run")


def of_source(run):
    """Return SentencePiece's own processor of a run's source, and the ids of what stands in its data."""
    model = (run.path / "tokenizer" / "source" / "sentencepiece.model").read_bytes()
    return sentencepiece.SentencePieceProcessor(model_proto=model)


def test_each_side_learns_its_own_texts(run):
    processor = of_source(run)
    pieces = "".join(processor.id_to_piece(number) for number in range(4, processor.get_piece_size()))
    assert set(pieces) == set("▁" + "".join(source for source, _ in sentences(307)).replace(" ", ""))
    characters = json.loads((run.path / "tokenizer" / "target" / "characters.json").read_text(encoding="utf-8"))
    assert set(characters["characters"]) == set("零一二三四五六七八九")


def test_the_model_has_a_vocabulary_a_side(run):
    model, tokenizer = run.model(), run.tokenizer()
    source, target = of_source(run).get_piece_size(), 4 + 10
    assert (tokenizer.source.size, tokenizer.target.size, tokenizer.size) == (source, target, target)
    assert (model.source_vocab_size, model.vocab_size) == (source, target)
    assert model.output_shape == (None, None, target)
    shapes = {weight.path: tuple(weight.shape) for weight in model.weights if 16 in weight.shape}
    assert sorted(shape for shape in shapes.values() if source in shape) == [(source, 16)]
    expected = {"none": 2, "target": 1}[model.tie]
    assert sum(target in shape for shape in shapes.values()) == expected


def test_batches_hold_the_ids_of_each_side(run):
    data = kt.datasets(run.recipe)
    processor, texts = of_source(run), dict(sentences(307))
    signs = data.tokenizer.target
    seen = 0
    for inputs, labels in data.train:
        for source, heard, label in zip(inputs["source"].numpy(), inputs["target"].numpy(), labels.numpy()):
            source = source[source != 0].tolist()
            assert source[-1] == EOS
            text = processor.decode(source[:-1])
            assert processor.encode(text) == source[:-1]
            said = label[label != 0].tolist()
            assert heard[heard != 0].tolist() == [BOS, *said[:-1]]
            assert "".join(signs.pieces(said[:-1])) == texts[text]
            seen += 1
    assert seen == 307


def test_predict_evaluate_and_the_saved_model_agree(run, tmp_path):
    saved = kt.export(run, tmp_path / "saved")
    answers = list(kt.predict(run, TEXTS))
    assert list(kt.predict(saved, TEXTS)) == answers
    again = tf.saved_model.load(str(saved)).signatures["serving_default"](text=tf.constant(TEXTS))
    assert [text.decode() for text in again["text"].numpy()] == [answer["text"] for answer in answers]
    np.testing.assert_allclose(again["score"].numpy(), [answer["score"] for answer in answers], rtol=1e-5)
    assert answers[1]["text"] == ""
    assert set("".join(answer["text"] for answer in answers)) <= set("零一二三四五六七八九")
    pairs = sentences(29, 2)
    said = [answer["text"] for answer in kt.predict(run, [source for source, _ in pairs])]
    wanted = sacrebleu.corpus_chrf(said, [[target for _, target in pairs]]).score
    assert kt.evaluate(run)["chrf"] == pytest.approx(wanted, abs=0.01)


def test_attend_shows_each_side_in_its_own_pieces(run):
    found = kt.attend(run, "one two three", "一二三")
    maps = {one.kind: one for one in found.maps}
    pieces = [*of_source(run).encode("one two three", out_type=str), "</s>"]
    assert list(maps["encoder"].queries) == pieces == list(maps["cross"].keys)
    assert list(maps["cross"].queries) == [*"一二三", "</s>"]
    assert list(maps["decoder"].keys) == ["<s>", *"一二三"]


def test_it_learns_to_translate(tmp_path):
    """Were the ids of one side those of the other, nothing could be learnt."""
    tree = recipe(tmp_path, SIDES, **{"training.epochs": 30, "data.valid": None, "data.batch_tokens": 256})
    run = kt.train(tree, tmp_path / "run")
    assert run.history[-1]["loss"] < 0.6 * run.history[0]["loss"]
    assert kt.evaluate(run)["chrf"] > 40


def test_one_matrix_cannot_hold_two_vocabularies(tmp_path):
    with pytest.raises(RecipeError) as raised:
        kt.load_recipe(recipe(tmp_path, SIDES, **{"model.tie": "all"}))
    (problem,) = raised.value.problems
    assert (problem.path, problem.message) == (
        "model.tie", "`tie` must be target or none for `tokenizer/sides`, but is all."
    )  # fmt: skip


def test_a_side_is_one_tokenizer(tmp_path):
    with pytest.raises(RecipeError) as raised:
        kt.load_recipe(recipe(tmp_path, {**SIDES, "target": SIDES}))
    (problem,) = raised.value.problems
    assert problem.path == "tokenizer.target"
    assert "`tokenizer/sides` needs a tokenizer that writes `one side`" in problem.message


def test_what_reads_one_side_has_one_tokenizer():
    with pytest.raises(RecipeError) as raised:
        kt.load_recipe("gpt_tiny", {"tokenizer": SIDES})
    assert "`tokenizer/sides` needs a model that reads `source` and `target`" in str(raised.value)


def test_the_schema_says_it(tmp_path):
    from jsonschema import Draft202012Validator

    check = Draft202012Validator(schema())
    tree = recipe(tmp_path, SIDES)
    assert check.is_valid(tree)
    tree["model"] = {**tree["model"], "type": "transformer", "tie": "all"}
    assert not check.is_valid(tree)


def test_sizes_of_a_model_that_is_not_trained(tmp_path):
    sides = {**SIDES, "target": {"type": "sentencepiece", "vocab_size": 37}}
    model = kt.build(recipe(tmp_path, sides))
    assert (model.source_vocab_size, model.vocab_size) == (31, 37)
    with pytest.raises(RecipeError) as raised:
        kt.build(recipe(tmp_path, {**sides, "source": {"type": "sentencepiece", "model": "own.model"}}))
    assert "`model.source_vocab_size` is missing" in str(raised.value)


def test_targets_begin_as_the_model_says(tmp_path):
    data = kt.datasets(recipe(tmp_path, SIDES, **{"model.start": 3}))
    for inputs, labels in data.train:
        assert set(inputs["target"].numpy()[:, 0]) == {3}
        np.testing.assert_array_equal(inputs["target"].numpy()[:, 1:], np.where(labels == EOS, 0, labels)[:, :-1])
