import json
import shutil

import numpy as np
import pytest

from keras_transformers.errors import DataError, RunError
from keras_transformers.runs.run import Run, load_run, refuse_existing


@pytest.fixture
def copy(trained, tmp_path):
    """A copy of the trained run, to be damaged."""
    return Run(shutil.copytree(trained.path, tmp_path / "copy"))


def test_a_run_reads_what_training_wrote(trained):
    run = load_run(str(trained.path))
    assert str(run) == str(trained.path)
    assert repr(run) == f"Run({str(trained.path)!r})"
    assert [line["epoch"] for line in run.history] == [1, 2]
    assert run.report["recipe"] == "dates"
    assert run.tokenizer().size == run.recipe.tree["model"]["vocab_size"]
    found = run.serving()(["3 May 2021"])
    assert found["text"].shape == (1,)


def test_the_model_is_that_of_the_keras_file(trained):
    import keras

    ids = np.array([[5, 6, 7, 3]], "int32")
    model, file = trained.model(), keras.models.load_model(trained.model_file)
    np.testing.assert_array_equal(model({"source": ids, "target": ids}), file({"source": ids, "target": ids}))


def test_a_run_moved_elsewhere_answers_the_same(trained, copy):
    texts = ["3 May 2021", "2021-05-03"]
    np.testing.assert_array_equal(copy.serving()(texts)["score"], trained.serving()(texts)["score"])


def test_what_is_not_there(tmp_path):
    with pytest.raises(RunError, match=f"^There is no run at {tmp_path}/no: train one with `keras-transformers train`"):
        load_run(tmp_path / "no")


def test_what_is_not_a_run(tmp_path):
    (tmp_path / "file").write_text("")
    for path in (tmp_path, tmp_path / "file"):
        with pytest.raises(RunError, match=f"^{path} is not a run directory: it holds no recipe.yaml"):
            load_run(path)


def test_a_damaged_recipe_is_named(copy):
    copy.recipe_file.write_text("model: ]")
    with pytest.raises(RunError, match=f"^{copy.recipe_file} cannot be used: .*recipe.yaml:1:8"):
        load_run(copy.path).serving()


def test_a_damaged_model_is_named(copy):
    copy.model_file.write_bytes(b"not a model")
    with pytest.raises(RunError, match=f"^{copy.model_file} cannot be read as this recipe's model: "):
        copy.model()


def test_another_recipes_model_is_named(copy):
    copy.write_recipe(copy.recipe.with_overrides({"model.dim": 32}))
    with pytest.raises(RunError, match=f"^{copy.model_file} cannot be read as this recipe's model: "):
        copy.model()


def test_a_missing_tokenizer_is_named(copy):
    shutil.rmtree(copy.tokenizer_folder)
    with pytest.raises(DataError, match=f"^There is no vocabulary in {copy.tokenizer_folder}: characters"):
        copy.tokenizer()


def test_an_interrupted_runs_files_are_empty(tmp_path):
    run = Run(tmp_path)
    assert (run.history, run.report) == ([], {})


def test_the_command_to_resume_can_be_typed():
    run = Run("my runs/a")
    assert run.resume_command() == ("keras-transformers train 'my runs/a/recipe.yaml' --run 'my runs/a' --resume")
    assert run.resume_command(["my layer.py"]).endswith(" --resume --plugin 'my layer.py'")


@pytest.mark.parametrize("overwrite", [False, True])
def test_an_empty_or_missing_folder_is_free(tmp_path, overwrite):
    assert refuse_existing(tmp_path, overwrite) is None
    assert refuse_existing(tmp_path / "new", overwrite) is None


def test_a_run_that_is_there_is_replaced_only_on_demand(tmp_path):
    (tmp_path / "recipe.yaml").write_text("old")
    refuse_existing(tmp_path, overwrite=True)
    with pytest.raises(RunError) as raised:
        refuse_existing(tmp_path, overwrite=False)
    assert str(raised.value) == (
        f"{tmp_path} already holds a run directory; add --resume to go on with it, --overwrite to replace it, "
        "or give --run another path."
    )


@pytest.mark.parametrize("overwrite", [False, True])
def test_what_is_no_part_of_a_run_is_not_lost_with_it(tmp_path, overwrite):
    (tmp_path / "recipe.yaml").write_text("old")
    (tmp_path / "notes.txt").write_text("precious")
    with pytest.raises(RunError) as raised:
        refuse_existing(tmp_path, overwrite)
    assert str(raised.value) == (
        f"{tmp_path} also holds `notes.txt`, which is no part of a run directory; move it, or give --run another path."
    )


def test_the_report_is_json(trained):
    assert json.loads(trained.report_file.read_text()) == trained.report
