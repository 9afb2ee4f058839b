"""A language model from files to a SavedModel."""

import numpy as np
import pytest
import tensorflow as tf
from close import NETWORK, assert_close

import keras_transformers as kt
from keras_transformers.cli import main
from keras_transformers.errors import TrainingInterrupted

WORDS = "the cat dog sat ran on under a mat log big small red".split()
PROMPTS = ["the cat", "", "under the big red log", "a"]


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    folder, rng = tmp_path_factory.mktemp("text"), np.random.default_rng(3)
    for name, count in (("train", 23), ("valid", 5)):
        documents = ["\n".join(" ".join(rng.choice(WORDS, 5)) + "." for _ in range(5)) for _ in range(count)]
        (folder / f"{name}.txt").write_text("\n\n".join(documents))
    return kt.load_recipe("gpt_tiny").with_overrides({
        "model.dim": 16,
        "model.decoder.layers": 1,
        "model.decoder.block.attention.heads": 2,
        "model.decoder.block.feed_forward.hidden_dim": 29,
        "model.within_documents": True,
        "model.position": {"type": "learned", "max_length": 37},
        "tokenizer.vocab_size": 300,
        "data.root": str(folder),
        "data.train": {"type": "documents", "paths": ["train.txt"]},
        "data.valid": {"type": "documents", "paths": ["valid.txt"]},
        "data.test": None,
        "data.max_length": 37,
        "data.batch_tokens": 149,
        "task.length": 37,
        "task.search": "greedy",
        "training.epochs": 2,
        "training.precision": "float32",
    })  # fmt: skip


@pytest.fixture(scope="module")
def run(recipe, tmp_path_factory):
    return kt.train(recipe, tmp_path_factory.mktemp("runs") / "run")


def test_each_epoch_is_scored_and_the_best_one_kept(run):
    losses = [epoch["val_loss"] for epoch in run.history]
    assert len(losses) == 2
    assert run.report["valid"]["loss"] == pytest.approx(min(losses), rel=1e-4)
    assert {"loss", "perplexity", "bits_per_byte", "bits_per_word"} <= set(run.report["valid"])


def test_it_is_evaluated_as_training_said(run):
    scores = kt.evaluate(run, "valid")
    assert scores["documents"] == 5
    for name, value in run.report["valid"].items():
        assert scores[name] == pytest.approx(value, rel=1e-5)


def test_the_saved_model_goes_on_as_the_run_does(run, tmp_path):
    exported = kt.export(run, tmp_path / "exported")
    found, wanted = (list(kt.predict(model, PROMPTS)) for model in (exported, run))
    assert [answer["text"] for answer in found] == [answer["text"] for answer in wanted]
    assert_close([answer["score"] for answer in found], [answer["score"] for answer in wanted], NETWORK)
    assert found[1] == {"text": "", "score": 0.0}


def test_interrupted_in_an_epoch_and_resumed(recipe, run, tmp_path, interrupt_at):
    interrupt_at(run.history[0]["step"] + 2)
    with pytest.raises(TrainingInterrupted):
        kt.train(recipe, tmp_path / "run")
    interrupt_at(None)
    resumed = kt.train(recipe, tmp_path / "run", resume=True)
    for whole, halves in zip(run.model().get_weights(), resumed.model().get_weights(), strict=True):
        np.testing.assert_array_equal(whole, halves)
    assert resumed.report["valid"] == run.report["valid"]


def test_a_server_says_token_by_token_what_the_answer_is(run, tmp_path):
    """Greedy, by the SavedModel's `begin`, `step` and `detokenize` alone, for prompts of different lengths."""
    prompts = [prompt for prompt in PROMPTS if prompt]
    loaded = tf.saved_model.load(str(kt.export(run, tmp_path / "exported")))
    begin, step, detokenize = (loaded.signatures[name] for name in ("begin", "step", "detokenize"))
    state = begin(text=tf.constant(prompts), room=tf.constant(40))
    last, said = state.pop("last"), []
    for _ in range(40):
        state = step(ids=last, **state)
        logits = np.array(state.pop("logits"), np.float64)
        logits[:, [0, 2]] = -np.inf
        last = tf.constant(logits.argmax(axis=1), tf.int32)
        said.append(last.numpy())
    ids = np.stack(said, axis=1)
    ended = np.cumsum(ids == 3, axis=1) > 0
    wanted = [answer["text"] for answer in kt.predict(run, prompts)]
    for row, text in enumerate(wanted):
        streamed = detokenize(ids=tf.constant(np.where(ended, 0, ids)))["text"].numpy()[row].decode("utf-8", "replace")
        assert streamed.startswith(text)
        assert text or ended[row, 0]


def test_its_attention_is_seen(run):
    seen = kt.attend(run, "the cat", second=" sat")
    (only,) = seen.maps
    pieces = run.tokenizer().pieces(run.tokenizer().encode(["the cat sat"])[0].numpy())
    assert (only.kind, only.queries, only.keys) == ("decoder", pieces, ["<s>", *pieces[:-1]])
    assert [each.shape for each in only.layers] == [(2, len(pieces), len(pieces))]
    assert np.triu(only.layers[0], 1).max() == 0
    assert_close(only.layers[0].sum(-1), 1.0, NETWORK)


def test_a_prompt_that_is_too_long_is_told_in_one_sentence(run, tmp_path, capsys):
    prompts = tmp_path / "prompts.txt"
    prompts.write_text("the cat\n" + "the cat sat " * 37 + "\n")
    exported = kt.export(run, tmp_path / "exported")
    for model in (run.path, exported):
        assert main(["predict", str(model), str(prompts)]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.strip().splitlines()[-1] == "A prompt is longer than the 36 tokens that the model can read."


def test_a_training_begins_with_a_run(recipe, run, tmp_path):
    begun = recipe.with_overrides({"weights": str(run.path), "training.epochs": 1})
    for weight, same in zip(kt.build(begun).weights, run.model().weights, strict=True):
        np.testing.assert_array_equal(weight, same)
    again = kt.train(begun, tmp_path / "run")
    assert again.history[0]["val_loss"] < run.history[0]["val_loss"]
    assert again.tokenizer().size == run.tokenizer().size
