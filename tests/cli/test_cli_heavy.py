"""The verbs that load TensorFlow, on real runs, and every bad input that a user can give them."""

import io
import json
import signal
import subprocess
import sys
import types

import pytest
from close import NETWORK

from keras_transformers.api.export import export
from keras_transformers.cli import parser as cli
from keras_transformers.errors import TrainingInterrupted
from keras_transformers.registry import resources
from keras_transformers.runs.run import load_run

LETTERS = ["a b c", "b c a", "c a b", "a a b b"] * 7
PLUGIN = resources.PACKAGE.parent / "examples" / "talking_heads.py"


@pytest.fixture
def run(capsys):
    """Run the command line; return exit status, standard output and standard error."""

    def run(*argv):
        status = cli.main([str(one) for one in argv])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


def overrides(recipe):
    return [word for key, value in recipe.items() for word in ("--set", f"{key}={json.dumps(value)}")]


@pytest.fixture
def texts(tmp_path, quick):
    """Return overrides of a recipe that trains on two small files."""
    (tmp_path / "data").mkdir()
    for name, lines in (("in.txt", LETTERS), ("out.txt", [line.upper() for line in LETTERS])):
        (tmp_path / "data" / name).write_text("\n".join(lines) + "\n")
    text = {"type": "parallel_text", "source": "in.txt", "target": "out.txt"}
    return {
        **{key: value for key, value in quick.items() if not key.startswith("data.t")},
        "data.train": text,
        "data.test": None,
        "data.root": str(tmp_path / "data"),
        "training.epochs": 1,
        "training.average_last": 1,
    }


def refused(run, folder, *argv):
    """Return the one sentence of a command that fails and leaves nothing in `folder`."""
    before = sorted(folder.rglob("*"))
    status, out, err = run(*argv)
    assert (status, out) == (2, "")
    assert "Traceback" not in err
    assert sorted(folder.rglob("*")) == before
    return err.splitlines()[-1]


def test_evaluate(run, trained):
    status, out, _ = run("evaluate", trained.path, "--json")
    assert status == 0
    assert json.loads(out) == {"exact_match": 0.0, "split": "test", "pairs": 31}
    status, out, _ = run("evaluate", trained.path, "--split", "valid")
    assert out.split() == ["exact_match", "0", "split", "valid", "pairs", "23"]


def test_predict_and_export(run, trained, tmp_path, monkeypatch):
    lines = ["3 May 2021", "", "☃"]
    (tmp_path / "in.txt").write_text("\n".join(lines) + "\n")
    assert run("predict", trained.path, tmp_path / "in.txt", "--out", tmp_path / "out.txt")[:2] == (0, "")
    answers = (tmp_path / "out.txt").read_text().split("\n")
    assert len(answers) == 4
    assert answers.pop() == ""
    assert run("export", trained.path, tmp_path / "model")[0] == 0
    monkeypatch.setattr("sys.stdin", types.SimpleNamespace(buffer=io.BytesIO("\n".join(lines).encode())))
    status, out, _ = run("predict", tmp_path / "model")
    assert (status, out.splitlines()) == (0, answers)
    said = refused(run, tmp_path, "export", trained.path, tmp_path / "model")
    assert (
        said == f"{tmp_path}/model already holds a SavedModel; add --overwrite to replace it, or give another folder."
    )
    assert run("export", trained.path, tmp_path / "model", "--overwrite")[0] == 0


BEAM = ["--set", "task.search={type: beam, beams: 3, max_length: 6}"]


@pytest.fixture(scope="module")
def asked(tmp_path_factory):
    """Return a file of two lines."""
    file = tmp_path_factory.mktemp("asked") / "in.txt"
    file.write_text("3 May 2021\nle 4 juin 1999\n")
    return file


@pytest.fixture(scope="module")
def of_two(trained, tmp_path_factory):
    """Return a SavedModel that finds two answers."""
    folder = tmp_path_factory.mktemp("of_two") / "model"
    return export(trained, folder, overrides=["task.search={type: beam, beams: 3, max_length: 6, n_best: 2}"])


def test_several_answers_with_their_scores(run, trained, asked, of_two, tmp_path):
    status, out, err = run("predict", trained.path, asked, *BEAM, "--n-best", 2, "--scores")
    assert status == 0, err
    rows = [line.split("\t") for line in out.splitlines()]
    assert [row[0] for row in rows] == ["1", "1", "2", "2"]
    assert len({(row[0], row[2]) for row in rows}) == 4
    assert run("predict", of_two, asked, "--n-best", 2, "--scores")[1] == out

    status, out, _ = run("predict", of_two, asked, "--json", "--scores", "--out", tmp_path / "out.jsonl")
    assert (status, out) == (0, "")
    found = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [text for one in found for text in one["texts"]] == [row[2] for row in rows]
    assert [f"{score:.4f}" for one in found for score in one["scores"]] == [row[1] for row in rows]
    for one in found:
        for score, tokens, scores in zip(one["scores"], one["tokens"], one["token_scores"], strict=True):
            assert 1 <= len(tokens) == len(scores) <= 6
            assert sum(scores) == pytest.approx(score, rel=NETWORK)

    status, best, _ = run("predict", of_two, asked, "--scores")
    assert best.splitlines() == ["\t".join(rows[0][1:]), "\t".join(rows[2][1:])]


def test_answers_begin_with_a_prefix(run, of_two, asked):
    status, out, err = run("predict", of_two, asked, "--prefix", "20")
    assert status == 0, err
    lines = out.splitlines()
    assert len(lines) == 2
    assert all(line.startswith("20") and len(line) <= 6 for line in lines)


def test_a_seed_decides_what_is_drawn(run, trained, asked):
    draw = ["predict", trained.path, asked, "--set", "task.search={type: sample, max_length: 9}", "--seed"]
    first = run(*draw, 4)
    assert first[0] == 0
    assert len(first[1].splitlines()) == 2
    assert run(*draw, 4)[1] == first[1] != run(*draw, 5)[1]


def test_complete(run, trained, asked, monkeypatch):
    sample = ["--set", "task.search={type: sample, max_length: 9}", "--seed", 4]
    said = run("predict", trained.path, asked, *sample)[1].splitlines()[0]
    assert run("complete", trained.path, "3 May 2021", *sample)[:2] == (0, f"{said}\n")
    monkeypatch.setattr("sys.stdin", types.SimpleNamespace(buffer=io.BytesIO(b"3 May 2021\n")))
    assert run("complete", trained.path, *sample)[:2] == (0, f"{said}\n")
    assert run("complete", trained.path, " ")[:2] == (0, "\n")


def test_show_a_saved_model(run, of_two):
    status, out, _ = run("show", of_two)
    assert status == 0
    signature = out[out.index("# signature answers") : out.index("\ntype: recipe")].splitlines()
    assert signature[1:] == [
        "#   input  text: string (N)",
        "#   input  prefix: string (N)",
        "#   input  seed: int64 (N)",
        "#   output texts: string (N, 2)",
        "#   output scores: float32 (N, 2)",
        "#   output tokens: string (N, 2, …)",
        "#   output token_scores: float32 (N, 2, …)",
    ]
    facts = json.loads(run("show", of_two, "--json")[1])
    assert facts["inputs"] == ["text"]
    assert facts["answer"] == "text"
    assert set(facts["signatures"]) >= {"serving_default", "answers"}
    assert facts["recipe"]["task"]["search"]["n_best"] == 2


def test_what_a_saved_model_cannot_be_asked(run, of_two, asked, tmp_path):
    assert refused(run, tmp_path, "predict", of_two, asked, "--n-best", 3) == (
        f"{of_two} was exported to find 2 answers of each text, not 3: export the run with --set "
        "'task.search={type: beam, beams: 4, n_best: 3}'."
    )
    said = refused(run, tmp_path, "show", of_two, "--set", "task.search=beam")
    assert said == f"{of_two} is a SavedModel, which is as it was exported: leave --set out."
    said = refused(run, tmp_path, "predict", of_two, asked, "--prefix", "☃")
    assert said == "A prefix holds what the tokenizer has no token for: no answer can begin with it."
    said = refused(run, tmp_path, "predict", of_two, asked, "--prefix", "202105")
    assert said == "A prefix is longer than the answer may be: raise `max_extra` or `max_length` of the search."


SEARCHES = {
    "{type: sample, temperature: 0}": "`temperature` must be above 0, but is 0: for the most probable token at each ",
    "{type: sample, temperature: -1}": "`task.search.temperature`: expected a number of at least 0, found -1.",
    "{type: sample, top_p: 0}": "`task.search.top_p`: expected a number above 0 and of at most 1, found 0.",
    "{type: sample, top_p: 1.5}": "`task.search.top_p`: expected a number above 0 and of at most 1, found 1.5.",
    "{type: beam, n_best: 5, beams: 4}": "`n_best` must be at most `beams` (4), but is 5.",
    "{type: greedy, min_length: 9, max_length: 5}": "`min_length` (9) must be below `max_length` (5), which ",
    "{type: greedy, forbidden: [999]}": "`forbidden` names token 999, but the vocabulary has tokens 0 to ",
}


@pytest.mark.parametrize("search", SEARCHES)
def test_searches_that_cannot_be(run, trained, asked, tmp_path, search):
    said = refused(run, tmp_path, "predict", trained.path, asked, "--set", f"task.search={search}")
    assert SEARCHES[search] in said


def test_what_a_run_cannot_be_asked(run, trained, asked, bert_run, tmp_path):
    said = refused(run, tmp_path, "predict", trained.path, asked, "--n-best", 2)
    assert said == (
        "`search/greedy` finds one answer of each text, not 2: search for more with --set "
        "'task.search={type: beam, beams: 4}'."
    )
    said = refused(run, tmp_path, "predict", trained.path, asked, *BEAM, "--n-best", 4)
    assert "`n_best` must be at most `beams` (3), but is 4." in said
    said = refused(run, tmp_path, "complete", trained.path, "3 May 2021", *BEAM)
    assert said.startswith("Words can be shown as they come only where one answer is said word by word: ")
    for argv in (["predict", bert_run.path, asked, "--prefix", "a"], ["complete", bert_run.path, "a"]):
        said = refused(run, tmp_path, *argv)
        assert said.startswith(f"{bert_run.path}/recipe.yaml has no section `task`: this run holds a model that")


def test_train_on_files_says_what_it_drops(run, texts, tmp_path):
    folder = tmp_path / "data"
    (folder / "in.txt").write_text("\n".join([*LETTERS, "", "a" * 90]) + "\n")
    (folder / "out.txt").write_text("\n".join([*LETTERS, "A", "A"]) + "\n")
    status, out, err = run("train", "dates", "--run", tmp_path / "run", "--json", *overrides(texts))
    assert status == 0, err
    assert json.loads(out)["run"] == str(tmp_path / "run")
    err = " ".join(err.split())
    assert "1 pair with an empty side dropped, first at" in err
    assert f"{folder}/in.txt:29." in err.replace(" ", "")
    assert "data.train: 1 of 29 pairs are longer than `data.max_length` (64 tokens) and were dropped" in err
    before = sorted((path, path.stat().st_mtime_ns) for path in tmp_path.rglob("*"))
    said = refused(run, tmp_path, "train", "dates", "--run", tmp_path / "run", *overrides(texts))
    assert said.startswith(f"{tmp_path}/run already holds a run directory; add --resume to go on with it, --overwrite")
    assert sorted((path, path.stat().st_mtime_ns) for path in tmp_path.rglob("*")) == before


def different_length(folder):
    (folder / "out.txt").write_text("A\n")
    return (
        f"{folder}/in.txt has 28 lines, but {folder}/out.txt has 1: line i of one must translate line i of the other."
    )


def not_utf8(folder):
    (folder / "in.txt").write_bytes(b"a\nb\xff\n" + b"a\n" * 26)
    return f"{folder}/in.txt:2 is not UTF-8: byte 0xff at position 1 of the line; "


def missing(folder):
    (folder / "out.txt").unlink()
    return f"There is no file `out.txt`: looked for {folder}/out.txt. "


def all_empty(folder):
    (folder / "in.txt").write_text("\n" * 28)
    return f"{folder}/in.txt with {folder}/out.txt holds no pairs with text: all 28 have an empty side."


def all_too_long(folder):
    (folder / "in.txt").write_text(("a" * 90 + "\n") * 28)
    return "data.train: all 28 pairs are longer than `data.max_length` (64 tokens); the longest has 91: raise it with "


@pytest.mark.parametrize("spoil", [different_length, not_utf8, missing, all_empty, all_too_long])
def test_text_that_cannot_be_trained_on(run, texts, tmp_path, spoil):
    sentence = spoil(tmp_path / "data")
    said = refused(run, tmp_path, "train", "dates", "--run", tmp_path / "run", *overrides(texts))
    assert said.startswith(sentence)


def test_a_vocabulary_larger_than_the_text(run, texts, tmp_path):
    texts["tokenizer"] = {"type": "sentencepiece", "vocab_size": 5000}
    status, _, err = run("train", "dates", "--run", tmp_path / "run", *overrides(texts))
    assert status == 0, err
    size = load_run(tmp_path / "run").tokenizer().size
    told = f"`tokenizer.vocab_size` is 5000, but the training text gives no more than {size} pieces: it has these."
    assert f"note {told}" in " ".join(err.split())


def test_a_plugin_that_is_not_installed(run, tmp_path):
    (tmp_path / "mine.yaml").write_text(
        "extends: dates\nrequires: {acme: acme-attention>=1}\n"
        "model: {encoder: {block: {attention: {type: acme/talking_heads, heads: 4}}}}\n"
    )
    said = refused(run, tmp_path, "train", tmp_path / "mine.yaml", "--run", tmp_path / "run")
    assert said.endswith(
        "`acme/talking_heads` needs the plugin `acme`, which is not installed: pip install 'acme-attention>=1'."
    )


@pytest.mark.parametrize("verb", ["evaluate", "predict", "export"])
def test_a_folder_that_is_no_run(run, tmp_path, verb, monkeypatch):
    monkeypatch.setattr("sys.stdin", types.SimpleNamespace(buffer=io.BytesIO(b"a\n")))
    more = [tmp_path / "model"] if verb == "export" else []
    said = refused(run, tmp_path, verb, tmp_path, *more)
    assert said.startswith(f"{tmp_path} is not a run directory: it holds no recipe.yaml.")
    said = refused(run, tmp_path, verb, tmp_path / "no", *more)
    assert said == f"There is no run at {tmp_path}/no: train one with `keras-transformers train`."


def test_a_saved_model_that_is_none(run, tmp_path):
    (tmp_path / "saved_model.pb").write_bytes(b"nonsense")
    (tmp_path / "in.txt").write_text("a\n")
    said = refused(run, tmp_path, "predict", tmp_path, tmp_path / "in.txt", "--out", tmp_path / "out.txt")
    assert said.startswith(f"{tmp_path} cannot be loaded as a SavedModel: ")


def test_folders_that_cannot_be_written(run, trained, texts, tmp_path):
    (tmp_path / "file").write_text("a\n")
    said = refused(run, tmp_path, "train", "dates", "--run", tmp_path / "file/run", *overrides(texts))
    assert said == f"{tmp_path}/file/run cannot be written: Not a directory."
    said = refused(run, tmp_path, "export", trained.path, tmp_path / "file/model")
    assert said == f"{tmp_path}/file/model cannot be written: Not a directory."
    said = refused(run, tmp_path, "predict", trained.path, tmp_path / "file", "--out", tmp_path / "file/out")
    assert said.startswith(f"{tmp_path}/file/out cannot be written: there is no folder {tmp_path}/file.")


def test_a_disk_that_fills_up_while_training(run, texts, tmp_path, monkeypatch):
    import tensorflow as tf

    with monkeypatch.context() as full:

        def save(self, *args, **kwargs):
            raise tf.errors.ResourceExhaustedError(None, None, "/x/ckpt; No space left on device")

        full.setattr(tf.train.CheckpointManager, "save", save)
        status, _, err = run("train", "dates", "--run", tmp_path / "run", *overrides(texts))
    assert status == 2
    assert "Traceback" not in err
    assert err.splitlines()[-1] == (
        f"{tmp_path}/run/checkpoints/epochs cannot be written: /x/ckpt; No space left on device."
    )
    assert run("train", "dates", "--run", tmp_path / "run", "--resume")[0] == 0
    assert load_run(tmp_path / "run").report["recipe"]


def process(*argv, **options):
    """Start the command line in a process of its own."""
    command = [sys.executable, "-m", "keras_transformers", *(str(one) for one in argv)]
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **options}
    return subprocess.Popen(command, **options)


def test_ctrl_c_keeps_a_checkpoint_and_says_how_to_go_on(run, quick, tmp_path):
    quick = {**quick, "training.epochs": 9999}
    training = process("train", "dates", "--run", tmp_path / "run", *overrides(quick))
    said = []
    for line in training.stderr:
        said.append(line)
        if line.startswith("epoch 2/"):
            training.send_signal(signal.SIGINT)
            break
    _, rest = training.communicate(timeout=60)
    assert training.returncode == TrainingInterrupted.exit_status, "".join(said) + rest
    assert "Traceback" not in rest
    # TensorFlow may log that it cancels its input pipeline, after the sentence.
    (sentence,) = [line for line in rest.splitlines() if "Go on with:" in line]
    assert sentence.endswith(
        "the checkpoint is kept. Go on with: keras-transformers train "
        f"{tmp_path}/run/recipe.yaml --run {tmp_path}/run --resume"
    )
    done = len(load_run(tmp_path / "run").history)
    assert done >= 2
    argv = sentence.split("keras-transformers ")[1].split()
    status, _, err = run(*argv, "--set", f"training.epochs={done + 1}")
    assert status == 0, err
    assert len(load_run(tmp_path / "run").history) == done + 1


USE = """
import json, sys
from pathlib import Path
from keras_transformers.cli import main
folder, *plugin = sys.argv[1:]
sets = json.load(sys.stdin)
for argv in (
    ["train", "dates", "--run", f"{folder}/run", *sets],
    ["evaluate", f"{folder}/run"],
    ["predict", f"{folder}/run", f"{folder}/in.txt", "--out", f"{folder}/one.txt"],
    ["export", f"{folder}/run", f"{folder}/model"],
):
    assert main([*argv, *plugin]) == 0, argv
"""
REUSE = """
import sys
from keras_transformers import cli, load_run, registry
folder, weight, *plugin = sys.argv[1:]
assert cli.main(["predict", f"{folder}/model", f"{folder}/in.txt", "--out", f"{folder}/two.txt"]) == 0
for file in plugin[1:]:
    registry.load_plugin_file(file)
import keras
run = load_run(f"{folder}/run")
one, two = run.model(), keras.models.load_model(run.model_file)
assert all((a == b).all() for a, b in zip(one.get_weights(), two.get_weights(), strict=True))
assert any(weight in variable.path for variable in two.weights), [variable.path for variable in two.weights]
"""


@pytest.mark.parametrize("how", ["plugin file", pytest.param("installed package", marks=pytest.mark.long)])
def test_a_layer_from_outside_from_training_to_serving(how, quick, tmp_path, request):
    """In processes of their own: a layer registered here would be there for every later test."""
    if how == "plugin file":
        name, weight, plugin, environment = "talking_heads", "mix_scores", ["--plugin", str(PLUGIN)], None
    else:
        name, weight, plugin = "acme/talking_heads", "mixing", []
        environment = request.getfixturevalue("environment")
    recipe = {**quick, "training.epochs": 1, "training.average_last": 1}
    recipe["model.encoder.block.attention"] = {"type": name, "heads": 2}
    (tmp_path / "in.txt").write_text("3 May 2021\n\n4 juin\n")

    def done(code, *argv):
        command = [sys.executable, "-c", code, str(tmp_path), *argv, *plugin]
        sets = json.dumps(overrides(recipe))
        ended = subprocess.run(command, env=environment, input=sets, capture_output=True, text=True)
        assert ended.returncode == 0, ended.stderr[-4000:]

    done(USE)
    done(REUSE, weight)
    answers = (tmp_path / "one.txt").read_text()
    assert answers.count("\n") == 3
    assert (tmp_path / "two.txt").read_text() == answers
