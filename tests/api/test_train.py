import numpy as np
import pytest

from keras_transformers.api.train import train
from keras_transformers.errors import DataError, RecipeError, RunError
from keras_transformers.runs.run import load_run

FILES = ["checkpoints", "metrics.jsonl", "model.keras", "recipe.yaml", "report.json", "tensorboard", "tokenizer"]


def test_a_run_holds_what_its_layout_says(trained):
    assert sorted(path.name for path in trained.path.iterdir()) == FILES
    assert sorted(path.name for path in trained.checkpoint_folder.iterdir()) == ["best", "epochs", "last"]
    assert sorted(path.name for path in trained.path.parent.iterdir()) == ["run"]


def test_the_loss_falls(trained):
    first, second = trained.history
    assert second["loss"] < first["loss"]
    assert np.isfinite(second["val_loss"])


def test_the_report_says_what_was_trained(trained):
    report = trained.report
    assert report["recipe"] == "dates"
    assert report["parameters"] == trained.model().count_params()
    assert report["weights"] == "mean of the last 2 epochs"
    assert set(report["valid"]) == {"exact_match"}
    assert set(report["versions"]) == {"keras", "tensorflow"}


def test_the_recipe_kept_is_complete_and_loads(trained, tiny):
    tree = trained.recipe.tree
    assert tree["model"]["vocab_size"] == trained.tokenizer().size
    assert tree["data"]["train"]["size"] == tiny["data.train.size"]


def test_in_half_precision_and_without_validation_the_last_epoch_is_kept(quick, tmp_path):
    run = train(
        "dates", tmp_path / "run", {**quick, "training.precision": "mixed_bfloat16", "training.average_last": 1}
    )
    assert run.report["weights"] == "epoch 2, the last"
    assert run.report["valid"] == {}
    assert {str(weight.dtype) for weight in run.model().weights} == {"float32"}
    assert run.history[1]["loss"] < run.history[0]["loss"]
    assert "val_loss" not in run.history[0]


def test_a_recipe_that_only_builds_cannot_be_trained(tmp_path):
    with pytest.raises(RecipeError, match=r"^`recipe` cannot be trained: it has no section `data`\.$"):
        train({"extends": "transformer_tiny", "data": None, "task": None}, tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


def test_a_run_is_not_overwritten_unless_asked(trained, tiny):
    before = sorted((path, path.stat().st_mtime_ns) for path in trained.path.rglob("*"))
    with pytest.raises(RunError, match="already holds a run directory; add --resume to go on with it, --overwrite to"):
        train("dates", trained.path, tiny)
    assert sorted((path, path.stat().st_mtime_ns) for path in trained.path.rglob("*")) == before


def test_overwriting_keeps_the_old_run_until_the_new_one_can_begin(trained, tiny, tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "recipe.yaml").write_text("old")
    with pytest.raises(DataError):
        train("dates", folder, {**tiny, "data.max_length": 3}, overwrite=True)
    assert [path.name for path in tmp_path.rglob("*")] == ["run", "recipe.yaml"]


def test_what_is_no_run_is_never_overwritten(tmp_path, tiny):
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(RunError, match="exists and is not a run directory; give --run another path"):
        train("dates", tmp_path, tiny, overwrite=True)
    assert (tmp_path / "thesis.txt").read_text() == "precious"


def test_there_is_nothing_to_resume(tmp_path, tiny):
    with pytest.raises(RunError, match=f"^There is no run at {tmp_path}/run: train one with"):
        train("dates", tmp_path / "run", tiny, resume=True)


def test_parallel_text_from_files(quick, tmp_path, monkeypatch):
    letters = ["a b c", "b c a", "c a b", "a a b b"] * 7
    for name, texts in (("in.txt", letters), ("out.txt", [text.upper() for text in letters])):
        (tmp_path / name).write_text("\n".join(texts) + "\n")
    monkeypatch.chdir(tmp_path)
    text = {"type": "parallel_text", "source": "in.txt", "target": "out.txt"}
    recipe = {**quick, "data.train": text, "data.test": text, "data.root": ".", "training.epochs": 1,
              "training.average_last": 1, "tokenizer": {"type": "sentencepiece", "vocab_size": 16}}  # fmt: skip
    train("dates", "run", recipe)
    run = load_run(tmp_path / "run")
    assert run.recipe.tree["data"]["root"] == str(tmp_path)
    monkeypatch.chdir("/")
    from keras_transformers.api.evaluate import evaluate

    assert evaluate(run)["pairs"] == 28
    from keras_transformers.api.export import export

    exported = export(run, tmp_path / "exported")
    content = b"".join(path.read_bytes() for path in exported.rglob("*") if path.is_file())
    assert str(tmp_path).encode() not in content
