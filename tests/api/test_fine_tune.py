"""Classification and regression from the command line: training, scores, answers, export, bad input."""

import io
import json
import random
import shutil
import types

import pytest
from close import ROUNDING

import keras_transformers as kt
from keras_transformers.cli import parser as cli
from keras_transformers.data.sources.dates import Dates
from keras_transformers.errors import DataError, RecipeError
from keras_transformers.runs.examples import read_for
from keras_transformers.runs.run import load_run
from keras_transformers.tasks.classification import Classification

KINDS = {"fruit": ["apple", "plum", "pear"], "metal": ["iron", "tin", "zinc"]}
TINY = {
    "model.dim": 16,
    "model.dropout": 0.0,
    "model.encoder.layers": 1,
    "model.encoder.block.attention.heads": 2,
    "model.encoder.block.feed_forward.hidden_dim": 29,
    "model.position.max_length": 32,
    "tokenizer.vocab_size": 89,
    "training.precision": "float32",
    "training.schedule": {"type": "constant", "rate": 0.02},
    "data.max_length": 16,
    "data.batch_tokens": 256,
    "data.test": None,
}


def sentence(draw, kind):
    return f"there is {draw.choice(['some', 'no', 'much'])} {draw.choice(KINDS[kind])} {draw.choice(['here', 'there'])}"


def labelled(count, seed):
    draw = random.Random(seed)
    return [(kind, sentence(draw, kind)) for kind in (draw.choice(list(KINDS)) for _ in range(count))]


def pairs(count, seed):
    """Pairs of sentences; the number is 4 for two of a kind, else 1."""
    draw = random.Random(seed)
    for _ in range(count):
        one, two = draw.choice(list(KINDS)), draw.choice(list(KINDS))
        yield sentence(draw, one), sentence(draw, two), 4.0 if one == two else 1.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("text")
    for name, count, seed in (("train.txt", 211, 1), ("valid.txt", 37, 2)):
        (folder / name).write_text("".join(f"{label} {text}\n" for label, text in labelled(count, seed)))
    rows = "".join(f"{one}\t{two}\t{number}\n" for one, two, number in pairs(101, 3))
    (folder / "train.tsv").write_text(f"one\ttwo\talike\n{rows}")
    return folder


def sets(folder, **changes):
    """Return overrides that make the recipe `trec` a tiny one on the files of `folder`."""
    lines = {"type": "labelled_lines"}
    recipe = {
        **TINY,
        "data.root": str(folder),
        "data.train": {**lines, "path": "train.txt"},
        "data.valid": {**lines, "path": "valid.txt"},
        **{key.replace("__", "."): value for key, value in changes.items()},
    }
    return [word for key, value in recipe.items() for word in ("--set", f"{key}={json.dumps(value)}")]


@pytest.fixture(scope="module")
def classifier(folder, tmp_path_factory):
    path = tmp_path_factory.mktemp("classifier") / "run"
    changes = {"training__epochs": 3, "training__layer_decay": 0.9}
    assert cli.main(["train", "trec", "--run", str(path), *sets(folder, **changes)]) == 0
    return load_run(path)


@pytest.fixture
def run(capsys):
    def run(*argv):
        status = cli.main([str(one) for one in argv])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


def test_the_labels_of_the_text_are_kept(classifier):
    task = classifier.recipe.tree["task"]
    assert (task["labels"], task["pair"]) == (["fruit", "metal"], False)
    assert {"accuracy", "val_accuracy", "val_loss"} <= set(classifier.history[0])
    assert classifier.report["valid"]["accuracy"] > 90
    assert classifier.report["weights"].endswith("the best")


def test_evaluate(run, classifier):
    status, out, _ = run("evaluate", classifier.path, "--split", "valid", "--json")
    assert (status, json.loads(out)) == (0, {**classifier.report["valid"], "split": "valid", "examples": 37})


def test_predict_and_export(run, classifier, tmp_path):
    texts = ["there is some plum here", "", "there is no tin there", "zinc " * 40]
    (tmp_path / "in.txt").write_text("\n".join(texts) + "\n")
    status, out, err = run("predict", classifier.path, tmp_path / "in.txt")
    assert status == 0
    assert [out.split()[line] for line in (0, 2, 3)] == ["fruit", "metal", "metal"]
    assert err.splitlines()[-1] == "1 of 4 texts are longer than the model reads, and were cut."
    status, shown, _ = run("export", classifier.path, tmp_path / "model")
    assert (status, shown) == (0, f"{tmp_path}/model\n")
    status, again, _ = run("predict", tmp_path / "model", tmp_path / "in.txt", "--json")
    answers = [json.loads(line) for line in again.splitlines()]
    assert [answer["label"] for answer in answers] == out.split()
    assert [answer["truncated"] for answer in answers] == [False, False, False, True]
    for answer in answers:
        assert set(answer) == {"label", "score", "probabilities", "truncated"}
        assert answer["score"] == pytest.approx(max(answer["probabilities"]))
        assert sum(answer["probabilities"]) == pytest.approx(1, rel=ROUNDING)


def test_regression_of_pairs_from_the_weights_of_another_run(run, folder, classifier, tmp_path):
    table = {"type": "table", "text": "one", "second": "two", "label": "alike"}
    changes = {
        "weights": str(classifier.path),
        "task": {"type": "regression"},
        "data__train": {**table, "path": "train.tsv"},
        "data__valid": None,
        "data__max_length": 32,
        "training__epochs": 1,
        "training__freeze": 0,
    }
    status, _, err = run("train", "trec", "--run", tmp_path / "run", *sets(folder, **changes))
    assert status == 0, err
    trained = load_run(tmp_path / "run")
    assert trained.recipe.tree["task"]["pair"] is True
    assert trained.recipe.tree["weights"] == str(classifier.path)
    assert trained.tokenizer().vocabulary == classifier.tokenizer().vocabulary
    old, new = (one.model().get_layer(index=2) for one in (classifier, trained))
    same = [[(a == b).all() for a, b in zip(*pair)] for pair in zip(*(parts(one) for one in (old, new)))]
    assert [all(part) for part in same] == [True, False]
    (tmp_path / "in.tsv").write_text("there is tin here\tthere is zinc here\n")
    (tmp_path / "one.txt").write_text("there is tin here\n")
    status, out, _ = run("predict", trained.path, tmp_path / "in.tsv")
    assert isinstance(json.loads(out), float)
    status, out, err = run("predict", trained.path, tmp_path / "one.txt")
    assert (status, out) == (2, "")
    assert err.splitlines()[-1] == "Line 1 must hold 2 texts separated by tabs (`first`, `second`), but has 1."


def contents(path):
    return {str(one.relative_to(path)): one.is_file() and one.read_bytes() for one in path.rglob("*")}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model__dim": 22}, "cannot fill the model"),
        ({"task": {"type": "tagging"}}, "`source/labelled_lines` gives `label"),
    ],
)
def test_a_training_that_cannot_begin_leaves_what_was_there(run, folder, classifier, tmp_path, changes, message):
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "recipe.yaml").write_text("precious")
    before = contents(tmp_path)
    words = sets(folder, weights=str(classifier.path), **changes)
    for path in (tmp_path / "old", tmp_path / "new"):
        status, _, err = run("train", "trec", "--run", path, "--overwrite", *words)
        assert status == 2
        assert message in err
        assert contents(tmp_path) == before


def parts(backbone):
    """Return the weights of the embeddings and of each block."""
    return [layer.get_weights() for layer in (backbone.embed, *backbone.encoder.blocks)]


def one_label(folder):
    (folder / "train.txt").write_text("fruit plum\nfruit pear\n")
    return "The training text must have two labels or more, but has only `fruit`."


def unseen_label(folder):
    (folder / "valid.txt").write_text("fruit plum\nmetals tin\n")
    return (
        f"{folder}/valid.txt:2 has the label `metals`, which the model does not know. Did you mean `metal`? It knows: "
        "fruit, metal."
    )


def no_text(folder):
    (folder / "train.txt").write_text("fruit plum\nmetal\n")
    return f"{folder}/train.txt:2 must hold a label and a text, but holds `metal` alone."


def empty(folder):
    (folder / "train.txt").write_text("")
    return f"{folder}/train.txt holds no rows: it is empty."


@pytest.mark.parametrize("spoil", [one_label, unseen_label, no_text, empty])
def test_text_that_cannot_be_learnt_from(run, tmp_path, spoil):
    for name in ("train.txt", "valid.txt"):
        (tmp_path / name).write_text("fruit plum and pear\nmetal tin and zinc\n")
    wanted = spoil(tmp_path)
    small = {"tokenizer__vocab_size": 29}
    status, _, err = run("train", "trec", "--run", tmp_path / "run", *sets(tmp_path, **small))
    assert status == 2
    assert err.splitlines()[-1] == wanted
    assert not (tmp_path / "run").exists()


def test_evaluating_says_what_was_dropped(run, classifier, tmp_path):
    (tmp_path / "rows.tsv").write_text("kind\ttext\nfruit\tplum\nmetal\t\nfruit\tpear\n")
    copy = type(classifier)(tmp_path / "run")
    shutil.copytree(classifier.path, copy.path)
    table = {"type": "table", "path": "rows.tsv", "text": "text", "label": "kind"}
    copy.write_recipe(classifier.recipe.with_overrides({"data.test": table, "data.root": str(tmp_path)}))
    status, out, err = run("evaluate", copy.path, "--json")
    assert (status, json.loads(out)["examples"]) == (0, 2)
    assert " ".join(err.split()).endswith("rows.tsv:3.")
    assert "note 1 row with an empty text dropped, first at" in err


def test_text_that_is_no_number(run, folder, tmp_path):
    task = {"task": {"type": "regression"}}
    status, _, err = run("train", "trec", "--run", tmp_path / "run", *sets(folder, **task))
    assert status == 2
    assert err.splitlines()[-1].startswith(f"{folder}/train.txt:1 must have a number for its label, but has `")


def test_a_source_of_another_kind(run, folder, tmp_path):
    dates = {"data__train": {"type": "dates", "split": "train", "size": 3}}
    status, _, err = run("train", "trec", "--run", tmp_path / "run", *sets(folder, **dates))
    assert status == 2
    assert err == (
        '--set data.train={"type": "dates", "split": "train", "size": 3}: `data.train`: `source/dates` gives `pairs`, '
        "but `task/classification` reads `labelled`: choose a source that gives `labelled` (json_lines, "
        "labelled_lines, python_packages, table), or a task that reads `pairs` (translation).\n"
    )


def test_a_source_that_does_not_say_what_it_gives():
    tree = {"task": {"type": "classification"}, "data": {"train": {"type": "dates"}}}
    with pytest.raises(DataError) as raised:
        read_for(Classification(), Dates("train", 3), None, tree, "train")
    assert str(raised.value) == "`task/classification` reads Labelled, but `source/dates` of `data.train` gives Pairs."


def test_a_model_whose_labels_are_not_known_yet():
    with pytest.raises(RecipeError, match=r"^`task.labels` must be given to build this model: training finds them"):
        kt.build("trec", {"model.encoder.layers": 1, "tokenizer.vocab_size": 29})


def test_a_model_without_pooled_vectors():
    backbone = kt.build("transformer_tiny", {"model.encoder.layers": 1, "model.decoder.layers": 1})
    with pytest.raises(RecipeError, match=r"^`task/classification` needs a model with the output `pooled`, such as"):
        Classification(labels=["a", "b"]).model(backbone)


def test_what_is_not_there_is_said_before_anything_is_read(run, tmp_path, monkeypatch):
    def read():
        raise AssertionError("standard input was read")

    monkeypatch.setattr("sys.stdin", types.SimpleNamespace(buffer=types.SimpleNamespace(read=read)))
    status, out, err = run("predict", tmp_path / "no")
    assert (status, out) == (2, "")
    assert err.splitlines()[-1].startswith(f"There is no run at {tmp_path}/no: ")


def test_a_run_without_data_or_task(run, classifier, tmp_path, monkeypatch):
    bare = type(classifier)(tmp_path)
    bare.write_recipe(classifier.recipe.with_overrides({"data": None, "task": None}))
    status, _, err = run("evaluate", tmp_path)
    assert status == 2
    assert err.splitlines()[-1] == (
        f"{tmp_path}/recipe.yaml has no section `data`, which would name the text to score the model on."
    )
    monkeypatch.setattr("sys.stdin", types.SimpleNamespace(buffer=io.BytesIO(b"a\n")))
    status, _, err = run("predict", tmp_path)
    assert status == 2
    assert err.splitlines()[-1] == (
        f"{tmp_path}/recipe.yaml has no section `task`: this run holds a model that answers no text."
    )


def test_a_metric_of_something_else_is_refused_before_training(run, folder, tmp_path):
    changes = {"task__metrics": [{"type": "accuracy"}, {"type": "pearson"}]}
    status, _, err = run("train", "trec", "--run", tmp_path / "run", *sets(folder, **changes))
    assert status == 2
    assert err == (
        '--set task.metrics=[{"type": "accuracy"}, {"type": "pearson"}]: `task.metrics.1`: `metric/pearson` scores '
        "`numbers`, but `task/classification` gives `labels`: choose a metric that scores `labels` (accuracy, f1, "
        "matthews), or a task that gives `numbers` (regression, sentence_embedding).\n"
    )
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("metrics", "message"),
    [
        (
            [{"type": "f1", "label": "fruits"}],
            "`metric/f1` cannot score data.valid: no example has the label `fruits`. Did you mean `fruit`? Set `label` "
            "to one of those that it has (`fruit`, `metal`), leave `label` out for the mean of all, or choose "
            "`accuracy`.\n",
        ),
        (
            [{"type": "f1", "label": "fruit"}, {"type": "f1"}],
            "Two metrics in `task` give the score `f1`, of which one would be lost: leave one out.\n",
        ),
    ],
)
def test_a_metric_that_cannot_be_computed_is_refused_before_training(run, tmp_path, metrics, message):
    for name in ("train.txt", "valid.txt"):
        (tmp_path / name).write_text("fruit plum and pear\nmetal tin and zinc\n")
    changes = {"task__metrics": metrics, "tokenizer__vocab_size": 29}
    status, _, err = run("train", "trec", "--run", tmp_path / "run", *sets(tmp_path, **changes))
    assert status == 2
    assert err.endswith(message)
    assert not (tmp_path / "run").exists()


def tagged(path, tags):
    words = ["the", "cat", "sat", "there"]
    path.write_text("".join(f"{word}\t{tag}\n" for word, tag in zip(words, tags)) + "\n")


def test_parts_of_speech_want_another_metric(run, tmp_path):
    conll = {name: {"type": "conll", "path": f"{name}.conll"} for name in ("train", "valid")}
    for name in conll:
        tagged(tmp_path / f"{name}.conll", ["DET", "NOUN", "VERB", "ADV"])
    changes = {
        "task": {"type": "tagging", "length": 16},
        "data__train": conll["train"],
        "data__valid": conll["valid"],
        "tokenizer__vocab_size": 29,
        "training__epochs": 1,
    }
    status, _, err = run("train", "trec", "--run", tmp_path / "run", *sets(tmp_path, **changes))
    assert status == 2
    assert err.endswith(
        "among its tags are `ADV`, `DET`, `NOUN`, `VERB`, which are none of entities (such as `B-PER`, `I-PER` and "
        "`O`); choose --set 'task.metrics=[tag_accuracy]', or, if words of one tag that stand together are an entity, "
        "--set 'task.metrics=[{type: entity_f1, scheme: io}]'.\n"
    )
    assert not (tmp_path / "run").exists()
    chosen = ("--set", "task.metrics=[tag_accuracy]")
    status, _, err = run("train", "trec", "--run", tmp_path / "run", *sets(tmp_path, **changes), *chosen)
    assert status == 0, err
    assert "tag_accuracy" in load_run(tmp_path / "run").report["valid"]


def test_the_scheme_of_entities_is_told(run, tmp_path):
    conll = {name: {"type": "conll", "path": f"{name}.conll"} for name in ("train", "valid")}
    tagged(tmp_path / "valid.conll", ["B-PET", "E-PET", "O", "S-PLACE"])
    changes = {
        "task": {"type": "tagging", "length": 16},
        "data__train": conll["train"],
        "data__valid": conll["valid"],
        "tokenizer__vocab_size": 29,
    }
    tagged(tmp_path / "train.conll", ["B-PET", "E-PET", "S-PLACE", "O"])
    status, _, err = run("train", "trec", "--run", tmp_path / "run", *sets(tmp_path, **changes, training__epochs=1))
    assert status == 0, err
    assert "data.valid: entities in the scheme bioes: 2." in err
    assert load_run(tmp_path / "run").report["valid"]["entity_f1_scheme"] == "bioes"
