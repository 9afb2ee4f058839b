"""Runs that answer together, through every verb and in one SavedModel."""

import shutil

import keras
import numpy as np
import pytest

import keras_transformers as kt
from keras_transformers.errors import ExportError, RecipeError
from keras_transformers.runs.run import Run

LINES = ["14 July 1987", "3 de mayo de 2021", "", "2 Feb 1999"]


@pytest.fixture(scope="module")
def other(trained, tmp_path_factory):
    """A run like `trained`, whose weights are others."""
    folder = tmp_path_factory.mktemp("other") / "run"
    shutil.copytree(str(trained), folder)
    run = Run(folder)
    model = run.model()
    keras.utils.set_random_seed(7)
    for variable in model.trainable_variables:
        variable.assign(variable + 0.1 * keras.random.normal(variable.shape))
    model.save(run.model_file)
    return run


@pytest.fixture(scope="module")
def together(trained, other):
    return kt.ensemble([trained, str(other)])


def test_they_answer_as_one(trained, other, together, tmp_path):
    found = list(kt.predict(together, LINES))
    assert [answer["text"] for answer in found] != [answer["text"] for answer in kt.predict(other, LINES)]
    exported = list(kt.predict(kt.export(together, tmp_path / "exported"), LINES))
    for here, there in zip(found, exported, strict=True):
        assert here["text"] == there["text"]
        assert here["score"] == pytest.approx(there["score"], rel=1e-4, abs=1e-4)
    beams = kt.predict(together, LINES[:1], ["task.search={type: beam, beams: 3}"], n_best=2)
    assert len(next(beams)["texts"]) == 2


def test_a_run_with_itself_is_itself(trained):
    twice = kt.ensemble([trained, trained])
    for here, there in zip(kt.predict(twice, LINES), kt.predict(trained, LINES), strict=True):
        assert here["text"] == there["text"]
        assert here["score"] == pytest.approx(there["score"], rel=1e-4, abs=1e-4)


def test_their_answer_has_the_score_that_they_give_it(together):
    (answer,) = kt.predict(together, LINES[:1])
    (score,) = kt.score(together, [(LINES[0], answer["text"])])
    said = kt.predict(together, LINES[:1], n_best=1)
    if next(said)["tokens"][0][-1] == "</s>":
        np.testing.assert_allclose(score["score"], answer["score"], rtol=1e-3, atol=1e-3)


def test_one_run_alone(trained):
    with pytest.raises(RecipeError) as caught:
        kt.ensemble([trained])
    assert str(caught.value) == "An ensemble needs at least two runs, but 1 is given."


def test_another_vocabulary(trained, other, tmp_path):
    shutil.copytree(str(other), tmp_path / "third")
    third = Run(tmp_path / "third")
    file = next(path for path in third.tokenizer_folder.rglob("*") if path.is_file())
    file.write_bytes(file.read_bytes() + b" ")
    with pytest.raises(RecipeError) as caught:
        kt.ensemble([trained, third])
    assert str(caught.value) == (
        f"{third} has another vocabulary than {trained}: runs can only answer together with the same tokenizer; train "
        "them on the same text with the same `tokenizer`."
    )


def test_another_format(together, tmp_path):
    with pytest.raises(ExportError) as caught:
        kt.export(together, tmp_path / "there", format="ctranslate2")
    assert str(caught.value) == "Several runs go together into a SavedModel only: leave out --format ctranslate2."
