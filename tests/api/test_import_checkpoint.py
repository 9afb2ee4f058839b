"""Checkpoints become runs, runs are checkpoints, and both are written for Transformers."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf
from close import ROUNDING, assert_close
from small_bert import CONFIG, PIECES, RNG, SIZES, build, outputs, weights_of, write_folder

import keras_transformers as kt
from keras_transformers.api.export_huggingface import export_huggingface
from keras_transformers.api.import_checkpoint import import_checkpoint
from keras_transformers.cli import parser as cli
from keras_transformers.errors import CheckpointError, ExportError, RunError
from keras_transformers.models.backbone import backbone_of
from keras_transformers.runs.run import Run
from keras_transformers.weights import load_into, open_checkpoint


@pytest.fixture(scope="module")
def run(model, tmp_path_factory):
    from small_bert import as_hugging_face

    folder = tmp_path_factory.mktemp("imported")
    return import_checkpoint(write_folder(folder / "checkpoint", as_hugging_face(model)), folder / "run")


def test_a_run_of_its_own(run, model):
    assert sorted(path.name for path in run.path.iterdir()) == [
        "model.keras",
        "recipe.yaml",
        "report.json",
        "tokenizer",
    ]
    for name, value in outputs(run.model()).items():
        np.testing.assert_array_equal(value, outputs(model)[name])
    assert run.tokenizer().vocabulary == PIECES
    assert run.report["parameters"] == model.count_params()
    assert run.report["weights"].startswith("imported from /")
    assert run.recipe.tree["summary"] == "Imported from checkpoint"


def test_a_run_is_a_checkpoint(run, model, tmp_path):
    other = build()
    assert load_into(other, run.path) == []
    np.testing.assert_array_equal(outputs(other)["pooled"], outputs(model)["pooled"])
    recipe = open_checkpoint(run.path).recipe()
    assert set(recipe) == {"model", "tokenizer"}
    again = import_checkpoint(run.path, tmp_path / "again")
    np.testing.assert_array_equal(outputs(again.model())["pooled"], outputs(model)["pooled"])


def test_a_recipe_is_built_with_the_weights_it_names(run, model, capsys, monkeypatch):
    recipe = {name: run.recipe.tree[name] for name in ("model", "tokenizer")} | {"weights": str(run.path)}
    for changes in ({"model.vocab_size": 29}, {"model.vocab_size": 31}):
        built = kt.build(recipe, changes)
        np.testing.assert_array_equal(outputs(built)["pooled"], outputs(model)["pooled"])
    assert capsys.readouterr().err == ""
    task = {"type": "classification", "labels": ["a", "b", "c"]}
    monkeypatch.setenv("HOME", str(run.path.parent))
    built = kt.build({**recipe, "weights": "~/run", "task": task})
    np.testing.assert_array_equal(backbone_of(built).pooler.kernel, model.pooler.kernel)
    assert " ".join(capsys.readouterr().err.split()).startswith("note `classifier` is not in ")
    with pytest.raises(CheckpointError, match="cannot fill the model, "):
        kt.build(recipe, {"model.dim": 26})


def test_a_damaged_run(run, tmp_path):
    for name in ("recipe.yaml", "report.json"):
        (tmp_path / name).write_bytes((run.path / name).read_bytes())
    with pytest.raises(CheckpointError, match=r"holds no model\.keras: training has not ended\."):
        open_checkpoint(tmp_path)
    (tmp_path / "model.keras").write_bytes(b"abc")
    with pytest.raises(CheckpointError, match=r"model\.keras is damaged: it is not a model that Keras saved\."):
        open_checkpoint(tmp_path)


def test_nothing_is_lost(run, tmp_path):
    checkpoint = run.path.parent / "checkpoint"
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(RunError, match="exists and is not a run directory; give another folder"):
        import_checkpoint(checkpoint, tmp_path, overwrite=True)
    with pytest.raises(RunError, match="already holds a run directory; add --overwrite to replace it"):
        import_checkpoint(checkpoint, run.path)
    (checkpoint / "vocab.txt").rename(tmp_path / "vocab.txt")
    try:
        with pytest.raises(CheckpointError):
            import_checkpoint(checkpoint, run.path, overwrite=True)
    finally:
        (tmp_path / "vocab.txt").rename(checkpoint / "vocab.txt")
    assert run.model_file.is_file()


def test_command_line(run, tmp_path, capsys):
    checkpoint, out, theirs = run.path.parent / "checkpoint", tmp_path / "out", tmp_path / "theirs"
    assert cli.main(["import", str(checkpoint), str(out)]) == 0
    assert capsys.readouterr().out == f"{out}\n"
    assert cli.main(["export", str(out), str(theirs), "--format", "huggingface"]) == 0
    assert capsys.readouterr().out == f"{theirs}\n"
    assert (theirs / "model.safetensors").is_file()
    assert cli.main(["import", str(tmp_path / "nowhere"), str(tmp_path / "other")]) == 2
    assert capsys.readouterr().err.endswith(f"There is no checkpoint at {tmp_path / 'nowhere'}.\n")


def test_for_transformers(run, model, tensors, tmp_path):
    from keras_transformers.weights.safetensors import SafetensorsFile

    folder = tmp_path / "theirs"
    assert export_huggingface(run, folder) == []
    assert sorted(path.name for path in folder.iterdir()) == [
        "config.json", "model.safetensors", "tokenizer_config.json", "vocab.txt",
    ]  # fmt: skip
    file = SafetensorsFile(folder / "model.safetensors")
    assert set(file.shapes) == set(tensors)
    for name, array in tensors.items():
        np.testing.assert_array_equal(file.read(name), array)
    config = json.loads((folder / "config.json").read_text())
    assert config["architectures"] == ["BertModel"]
    assert (config["hidden_size"], config["hidden_act"], config["layer_norm_eps"]) == (22, "gelu", 1e-12)
    assert json.loads((folder / "tokenizer_config.json").read_text())["do_lower_case"] is True
    with pytest.raises(ExportError, match="already holds a Hugging Face folder; add --overwrite"):
        export_huggingface(run, folder)
    export_huggingface(run, folder, overwrite=True)
    (folder / "config.json").unlink()
    with pytest.raises(ExportError, match="exists and is not a Hugging Face folder"):
        export_huggingface(run, folder, overwrite=True)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("model.encoder.block.norm_order", "pre", r"`model\.encoder\.block\.norm_order` must be post, but is pre\."),
        ("model.encoder.block.attention.head_dim", 7, "head_dim` must be 11, but is 7"),
        ("model.encoder.block.feed_forward.activation", "elu", "it has no activation `elu`"),
        ("model.position", {"type": "sinusoidal"}, "its model has not the parts of `model/bert`"),
    ],
)
def test_what_transformers_has_not(run, key, value, message):
    from keras_transformers.api.export_huggingface import sizes_in

    with pytest.raises(ExportError, match=f"run cannot be written for Transformers: .*{message}"):
        sizes_in(run.recipe.with_overrides({key: value}).tree, run)


def test_a_translation_is_not_written(trained, tmp_path):
    with pytest.raises(ExportError, match="its tokenizer is not `wordpiece`"):
        export_huggingface(trained, tmp_path / "theirs")
    with pytest.raises(
        CheckpointError, match="The checkpoint is of `model/transformer`, but the model is `model/bert`"
    ):
        load_into(build(), trained.path)


def test_a_head_of_ones_own_is_left_out(model):
    from keras_transformers.api.export_huggingface import _tensors

    states = keras.layers.Dense(5, name="mine")(model(model.input)["pooled"])
    tensors, notes = _tensors(keras.Model(model.input, states), SIZES)
    assert notes == ["Transformers has no head like `mine`: it was left out."]
    assert len(tensors) == len(weights_of(model))


@pytest.mark.parametrize("path", [".", ""])
def test_the_working_directory_may_be_no_checkpoint(tmp_path, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CheckpointError, match=r"^\. is not a checkpoint: it is neither "):
        open_checkpoint(path)


def padded(tmp_path, tensors, rows=37, **config):
    """Write a folder of a model of masked tokens, its embedding with more rows than there are pieces."""
    table = np.concatenate([tensors["embeddings.word_embeddings.weight"], RNG.normal(size=(rows - 29, 22))])
    heads = {
        "cls.predictions.transform.dense.weight": RNG.normal(size=(22, 22)),
        "cls.predictions.transform.dense.bias": RNG.normal(size=22),
        "cls.predictions.transform.LayerNorm.weight": RNG.normal(size=22),
        "cls.predictions.transform.LayerNorm.bias": RNG.normal(size=22),
        "cls.predictions.bias": np.where(np.arange(rows) < 29, 0.0, 50.0),  # rows without a piece are the likeliest
    }
    arrays = {f"bert.{name}": array for name, array in tensors.items()}
    arrays |= {"bert.embeddings.word_embeddings.weight": table, **heads}
    config = {**CONFIG, "vocab_size": rows, "architectures": ["BertForMaskedLM"], **config}
    return write_folder(tmp_path / "padded", {name: array.astype("float32") for name, array in arrays.items()}, config)


def test_an_embedding_with_more_rows_than_pieces(tmp_path, tensors):
    from keras_transformers.weights.safetensors import SafetensorsFile

    path = padded(tmp_path, tensors)
    run = import_checkpoint(path, tmp_path / "run", overrides={"tokenizer.lowercase": True})
    assert run.report["notes"] == [
        f"{path} has 37 rows in its embedding and 29 pieces in its vocabulary: the rows without a piece are kept, but "
        "no text reads them and none is predicted.",
        f"`masked_tokens` is that of {path}.",
    ]
    assert (run.recipe.tree["model"]["vocab_size"], run.recipe.tree["tokenizer"]["vocab_size"]) == (37, 29)
    found = run.serving()(tf.constant(["a [MASK] c", "[MASK]"]))
    assert set(found["tokens"].numpy().ravel().tolist()) <= {piece.removeprefix("##").encode() for piece in PIECES}
    assert np.all(found["scores"].numpy() < 1e-6)  # what the model gives them, not shared out anew

    assert export_huggingface(run, tmp_path / "theirs") == []
    before, after = (SafetensorsFile(folder / "model.safetensors") for folder in (path, tmp_path / "theirs"))
    assert before.shapes == after.shapes
    for name in before.shapes:
        np.testing.assert_array_equal(before.read(name), after.read(name))
    assert (tmp_path / "theirs" / "vocab.txt").read_bytes() == (path / "vocab.txt").read_bytes()
    assert json.loads((tmp_path / "theirs" / "config.json").read_text())["vocab_size"] == 37


def test_training_from_it(tmp_path, tensors, capsys):
    path = padded(tmp_path, tensors)
    (tmp_path / "train.tsv").write_text("label\ttext\n" + "no\ta b\nyes\tc d e\n" * 3)
    imported = import_checkpoint(path, tmp_path / "run", overrides=["tokenizer.lowercase=true"])
    recipe = {
        "model": {**imported.recipe.tree["model"], "vocab_size": None},
        "tokenizer": {"type": "wordpiece", "vocab_size": 999, "lowercase": False},
        "data": {"train": {"type": "table", "path": "train.tsv"}, "root": str(tmp_path), "max_length": 13},
        "task": "classification",
        "training": {"epochs": 1, "optimizer": {"type": "adamw"}, "schedule": {"type": "warmup_linear", "peak": 0.001}},
        "weights": str(path),
    }
    run = kt.train(recipe, tmp_path / "trained")
    told = " ".join(capsys.readouterr().err.split())
    assert "`tokenizer.lowercase` is false as the recipe says; from" in told
    assert "37 rows in its embedding and 29 pieces" in told
    tree = run.recipe.tree
    assert (tree["model"]["vocab_size"], tree["tokenizer"]["vocab_size"]) == (37, 29)
    assert tree["tokenizer"]["lowercase"] is False
    table = backbone_of(run.model()).embed.embedding.table
    assert table.shape == (37, 22)
    path.rename(tmp_path / "elsewhere")  # what is resumed has all of it
    again = kt.train(recipe, tmp_path / "trained", {"training.epochs": 2}, resume=True)
    assert again.recipe.tree["model"]["vocab_size"] == 37


def test_settings_that_are_asked_for(tmp_path, folder, capsys):
    (folder / "tokenizer_config.json").write_text('{"do_lower_case": true, "model_max_length": 7}')
    assert cli.main(["import", str(folder), str(tmp_path / "run"), "--set", "tokenizer.lowercase=false"]) == 0
    run = Run(tmp_path / "run")
    assert run.recipe.tree["tokenizer"]["lowercase"] is False
    assert run.tokenizer().lowercase is False
    assert capsys.readouterr().err.splitlines() == [
        f"{folder} says that texts are cut at 7 tokens; an encoder alone reads up to 13.",
        f"`tokenizer.lowercase` is false, as was asked for; {folder} says true.",
    ]
    assert cli.main(["import", str(folder), str(tmp_path / "other"), "--set", "tokenizer.lower=false"]) == 2
    assert "did you mean `lowercase`?" in capsys.readouterr().err.lower()
    assert not (tmp_path / "other").exists()


def test_the_length_of_a_classifier(tmp_path, tensors):
    heads = {"classifier.weight": np.ones((3, 22), "float32"), "classifier.bias": np.arange(3, dtype="float32")}
    config = {**CONFIG, "architectures": ["BertForSequenceClassification"]}
    path = write_folder(tmp_path / "theirs", {**tensors, **heads}, config)
    (path / "tokenizer_config.json").write_text('{"do_lower_case": true, "model_max_length": 7}')
    run = import_checkpoint(path, tmp_path / "run")
    assert run.recipe.tree["task"]["length"] == 7
    found = run.serving()(tf.constant(["a b c d e f g", "a b c d e"]))
    assert found["truncated"].numpy().tolist() == [True, False]
    assert_close(found["probabilities"][0], found["probabilities"][1], ROUNDING)
    export_huggingface(run, tmp_path / "out")
    assert json.loads((tmp_path / "out" / "tokenizer_config.json").read_text())["model_max_length"] == 7
