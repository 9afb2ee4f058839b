import json
import math
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest
from awkward_paths import NAMES
from random_text import random_texts

from keras_transformers import recipe as recipes
from keras_transformers.cli.parser import parser
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
    assert run.resume_command(["my layer.py", Path("p")]).endswith(" --resume --plugin 'my layer.py' --plugin p")
    assert run.resume_command(["acme.layers"]).endswith(" --resume --plugin acme.layers")


@pytest.mark.parametrize("name", NAMES)
def test_the_command_to_resume_a_run_of_any_name(name):
    words = shlex.split(Run(name).resume_command([f"{name}.py"]))
    args = parser().parse_args(words[1:])
    assert Path(args.recipe) == Path(name, "recipe.yaml")
    assert (Path(args.run), [Path(one) for one in args.plugin]) == (Path(name), [Path(f"{name}.py")])


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


def test_whatever_a_recipe_says_a_run_reads_back(tmp_path):
    texts = random_texts(1009)
    recipe = recipes.load(
        "trec", {"task.labels": texts, "summary": texts[3], "requires": dict(zip(texts, texts[::-1]))}
    )
    run = Run(tmp_path)
    run.write_recipe(recipe)
    assert load_run(tmp_path).recipe.tree == recipe.tree
    assert run.task().labels == texts


def test_numbers_that_were_none_read_back_from_this_version_and_the_last(tmp_path):
    run = Run(tmp_path)
    run.metrics_file.write_text('{"epoch": 1, "loss": NaN}\n{"epoch": 2, "loss": null, "val_loss": Infinity}\n')
    first, second = run.history
    assert math.isnan(first["loss"])
    assert math.isnan(second["loss"])
    assert second["val_loss"] == math.inf


@pytest.mark.parametrize(
    ("name", "read"), [("metrics.jsonl", lambda run: run.history), ("report.json", lambda run: run.report)]
)
def test_damaged_files_are_named(tmp_path, name, read):
    place = f"{tmp_path}/{name}:1" if name.endswith("l") else f"{tmp_path}/{name}"
    for text, said in (("{", "is damaged: it is not JSON ("), ("[]", "is damaged: it holds no map.")):
        (tmp_path / name).write_text(text)
        with pytest.raises(RunError) as raised:
            read(Run(tmp_path))
        assert str(raised.value).startswith(f"{place} {said}")
