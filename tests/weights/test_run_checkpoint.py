"""A run of any model is a checkpoint that another training begins with."""

import numpy as np
import pytest
from two_languages import recipe

import keras_transformers as kt
from keras_transformers.errors import CheckpointError
from keras_transformers.weights import open_checkpoint

SIDES = {"type": "sides", "source": {"type": "sentencepiece", "vocab_size": 31}, "target": {"type": "characters"}}


@pytest.fixture(scope="module", params=["one tokenizer", "none", "target", "rnn"])
def translator(request, tmp_path_factory):
    """A run of a Transformer, of one vocabulary or of two, or of a recurrent network."""
    if request.param == "one tokenizer":
        return request.getfixturevalue("trained")
    if request.param == "rnn":
        small = {key: value for key, value in request.getfixturevalue("tiny").items() if ".block." not in key}
        layers = {"model.encoder.layers": 2, "model.decoder.layers": 2}
        return kt.train("dates_rnn", tmp_path_factory.mktemp("rnn") / "run", {**small, **layers})
    folder = tmp_path_factory.mktemp("sides")
    (folder / "data").mkdir()
    return kt.train(recipe(folder / "data", SIDES, **{"model.tie": request.param}), folder / "run")


def as_begins_with(run, **changes):
    """Return the recipe of a run before sizes were settled, which begins with the run."""
    sizes = {
        name: None for name in ("model.vocab_size", "model.source_vocab_size") if name[6:] in run.recipe.tree["model"]
    }
    return run.recipe.with_overrides({**sizes, "weights": str(run.path), **changes})


def assert_same_weights(model, other):
    assert len(model.weights) == len(other.weights)
    for weight, same in zip(model.weights, other.weights):
        np.testing.assert_array_equal(weight, same)


def test_a_translator_is_built_with_its_weights(translator, capsys):
    assert_same_weights(kt.build(as_begins_with(translator)), translator.model())
    assert capsys.readouterr().err == ""


def test_a_training_goes_on_from_it(translator, tmp_path):
    once = {"training.epochs": 1, "training.average_last": 1, "training.precision": "float32"}
    slow = {"training.schedule": {"type": "constant", "rate": 1e-9}}
    run = kt.train(as_begins_with(translator, **once, **slow), tmp_path / "run")
    for weight, same in zip(run.model().trainable_weights, translator.model().trainable_weights, strict=True):
        np.testing.assert_allclose(weight, same, atol=1e-6, rtol=0)
    for file in (path for path in translator.tokenizer_folder.rglob("*") if path.is_file()):
        assert (run.tokenizer_folder / file.relative_to(translator.tokenizer_folder)).read_bytes() == file.read_bytes()


def test_other_sizes_are_told(trained):
    with pytest.raises(CheckpointError, match=r"(?s)cannot fill the model.*`dim` is 24 and not \d+.*has shape"):
        kt.build(as_begins_with(trained, **{"model.dim": 24}))


def test_another_model_is_told(trained, bert_run):
    with pytest.raises(
        CheckpointError, match="The checkpoint is of `model/transformer`, but the model is `model/bert`"
    ):
        open_checkpoint(trained.path).load(bert_run.model())
    with pytest.raises(
        CheckpointError, match="The checkpoint is of `model/bert`, but the model is `model/transformer`"
    ):
        open_checkpoint(bert_run.path).load(trained.model())
