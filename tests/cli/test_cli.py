import errno
import io
import json
import subprocess
import sys
import types

import pytest

from keras_transformers.cli import commands
from keras_transformers.cli import parser as cli
from keras_transformers.errors import RunError, TrainingInterrupted
from keras_transformers.recipe import names
from keras_transformers.runs import run as run_directory

LIGHT = (
    ["--help"],
    ["--version"],
    ["list"],
    ["list", "attention"],
    ["list", "recipes"],
    ["list", "plugins"],
    ["show", "attention/multi_head"],
    ["show", "transformer_base"],
    ["validate", "transformer_base"],
    ["schema"],
)
VERBS = ("list", "show", "validate", "schema", "train", "evaluate", "predict", "import", "export", "embed",
         "attend", "registry")  # fmt: skip


def run(capsys, *argv):
    """Return exit status, standard output and standard error."""
    try:
        status = cli.main(list(argv))
    except SystemExit as leaving:
        status = leaving.code
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_light_verbs_import_nothing_heavy():
    code = (
        "import sys\n"
        "from keras_transformers.cli import main\n"
        f"for argv in {LIGHT!r}:\n"
        "    try:\n"
        "        status = main(argv)\n"
        "    except SystemExit as leaving:\n"
        "        status = leaving.code\n"
        "    assert status == 0, argv\n"
        "heavy = {'tensorflow', 'keras', 'numpy', 'keras_hub', 'sentencepiece', 'babel', 'rich', 'sacrebleu', 'jax'}\n"
        "found = heavy & {name.partition('.')[0] for name in sys.modules}\n"
        "sys.exit(f'imported: {found}' if found else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_help_teaches_by_example(capsys):
    status, out, _ = run(capsys, "--help")
    assert status == 0
    for verb in VERBS:
        assert f"  {verb} " in out
    assert "keras-transformers train dates --run runs/dates" in out


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_has_examples(capsys, verb):
    _, out, _ = run(capsys, verb, "--help")
    assert f"examples:\n  keras-transformers {verb}" in out


def test_list_one_slot(capsys):
    status, out, _ = run(capsys, "list", "position")
    assert status == 0
    assert [line.split()[0] for line in out.splitlines()] == ["learned", "sinusoidal"]


def test_list_everything(capsys):
    _, out, _ = run(capsys, "list", "--json")
    found = json.loads(out)
    assert set(found["attention"]["multi_head"]) == {"summary", "target", "origin"}
    assert list(found["recipes"]) == names()


def test_list_what_is_not_there(capsys):
    status, out, err = run(capsys, "list", "atention")
    assert (status, out) == (2, "")
    assert "There is no slot `atention`. Did you mean `attention`?" in err
    assert "There is no slot `recipies`. Did you mean `recipes`?" in run(capsys, "list", "recipies")[2]


def test_show_a_component(capsys):
    status, out, _ = run(capsys, "show", "multi_head")
    assert status == 0
    assert out.startswith("attention/multi_head  (built-in)\n")
    assert "heads" in out
    assert "an integer of at least 1, required" in out
    assert out == run(capsys, "show", "attention/multi_head")[1]


def test_show_a_component_as_json(capsys):
    found = json.loads(run(capsys, "show", "multi_head", "--json")[1])
    assert (found["kind"], found["slot"], found["name"]) == ("component", "attention", "multi_head")
    assert found["parameters"]["heads"]["minimum"] == 1


def test_show_a_recipe(capsys):
    status, out, _ = run(capsys, "show", "transformer_tiny", "--set", "model.dim=64")
    assert status == 0
    assert out.startswith("# The smallest model")
    assert "\n  dim: 64\n" in out
    found = json.loads(run(capsys, "show", "transformer_tiny", "--json")[1])
    assert (found["kind"], found["tree"]["model"]["dim"]) == ("recipe", 128)
    assert found["header"].startswith("The smallest model")


def test_a_recipe_goes_before_a_component_of_its_name(capsys):
    status, out, err = run(capsys, "show", "dates", "--json")
    assert (status, json.loads(out)["kind"]) == (0, "recipe")
    assert err == "`source/dates` is a component too: keras-transformers show source/dates\n"


def test_show_what_is_not_there(capsys):
    status, _, err = run(capsys, "show", "multi_hed")
    assert status == 2
    assert err == (
        "No recipe and no component is called `multi_hed`. Did you mean `multi_head`? "
        "`keras-transformers list` shows all.\n"
    )
    said = "`attention` is a slot: keras-transformers list attention shows what fills it.\n"
    assert run(capsys, "show", "attention") == (2, "", said)


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["dates", "--set", "training.schedule.peak=1" + 400 * "0"], "expected a number above 0, found 1000"),
        (["dates", "--set", "summary=\udcff"], "must be UTF-8 text."),
        (["dates", "--set", "seed=4294967296"], "expected an integer from 0 to 4294967295, found 4294967296."),
        (["~no_such_user/recipe.yaml"], "The recipe file ~no_such_user/recipe.yaml does not exist."),
    ],
)
def test_validate_what_python_chokes_on(capsys, argv, said):
    status, _, err = run(capsys, "validate", *argv)
    assert status == 2
    assert said in err


def test_validate(capsys):
    status, out, err = run(capsys, "validate", "transformer_tiny", "transformer_base")
    assert (status, err) == (0, "")
    assert out == "transformer_tiny is valid.\ntransformer_base is valid.\n"


def test_validate_reports_every_problem_of_every_recipe(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "one.yaml").write_text("extends: transformer_tiny\nmodel:\n  dim: 7\n  dropout: 2\n")
    (tmp_path / "two.yaml").write_text("extends: transformer_tinny\n")
    status, out, err = run(capsys, "validate", "one.yaml", "transformer_tiny", "two.yaml")
    assert status == 2
    assert out == "transformer_tiny is valid.\n"
    assert "one.yaml:3:8: " in err
    assert "`dim` must be even for `position/sinusoidal`, but is 7." in err
    assert "`heads` must divide `model.dim` (7), but is 4." in err
    assert "one.yaml:4:12: " in err
    assert "two.yaml:1:10: " in err
    assert "Did you mean `transformer_tiny`?" in err
    assert "Traceback" not in err


def test_validate_as_json(capsys):
    status, out, err = run(capsys, "validate", "transformer_tiny", "--set", "model.dim=x", "--json")
    assert (status, err) == (2, "")
    (answer,) = json.loads(out)
    (problem,) = answer.pop("problems")
    assert answer == {"recipe": "transformer_tiny", "valid": False}
    assert (problem["file"], problem["line"], problem["path"]) == ("--set model.dim=x", None, "model.dim")
    assert problem["message"] == 'expected an integer of at least 1, found "x".'


def test_schema(capsys):
    status, out, _ = run(capsys, "schema")
    assert status == 0
    assert "multi_head" in json.loads(out)["$defs"]["attention"]["anyOf"][0]["enum"]


def test_a_plugin_file_that_is_not_there(capsys):
    status, _, err = run(capsys, "validate", "transformer_tiny", "--plugin", "nowhere.py")
    assert (status, err) == (2, "The plugin file `nowhere.py` does not exist.\n")


@pytest.fixture
def heavy(monkeypatch):
    """Stand-ins for the modules that import TensorFlow; each call is recorded."""
    calls = []
    monkeypatch.setattr(commands, "import_keras", lambda: None)
    monkeypatch.setattr(run_directory, "load_run", lambda path: None)  # there is one wherever it is looked for

    def module(name, **functions):
        stand_in = types.ModuleType(f"keras_transformers.{name}")
        for key, value in functions.items():

            def call(*args, key=key, value=value, **kwargs):
                calls.append((key, args, kwargs))
                if isinstance(value, BaseException):
                    raise value
                print("progress")
                return value

            setattr(stand_in, key, call)
        monkeypatch.setitem(sys.modules, f"keras_transformers.{name}", stand_in)
        return stand_in

    return types.SimpleNamespace(calls=calls, module=module)


def test_train(capsys, heavy):
    class Trained:
        report = {"seconds": 0.5}

        def __str__(self):
            return "r"

    heavy.module("api.train", train=Trained())
    argv = ["train", "transformer_tiny", "--run", "r", "--set", "seed=7", "--resume", "--json"]
    status, out, err = run(capsys, *argv)
    assert (status, json.loads(out), err) == (0, {"run": "r", "seconds": 0.5}, "progress\n")
    options = {"run": "r", "overrides": ["seed=7"], "resume": True, "overwrite": False, "plugins": []}
    ((verb, arguments, given),) = heavy.calls
    assert (verb, arguments) == ("train", ("transformer_tiny",))
    assert callable(given.pop("log"))
    assert given == options


def test_train_refuses_a_wrong_recipe_before_it_imports(capsys, heavy):
    heavy.module("api.train", train={})
    status, _, err = run(capsys, "train", "transformer_tiny", "--set", "model.dim=x")
    assert status == 2
    assert 'expected an integer of at least 1, found "x".' in err
    assert heavy.calls == []


def test_resume_and_overwrite_exclude_each_other(capsys):
    status, _, err = run(capsys, "train", "dates", "--resume", "--overwrite")
    assert status == 2
    assert "not allowed with" in err


def test_evaluate(capsys, heavy):
    heavy.module("api.evaluate", evaluate={"bleu": 36.04, "signature": "13a"})
    assert run(capsys, "evaluate", "r") == (0, "progress\nbleu       36.04\nsignature  13a\n", "")
    out = run(capsys, "evaluate", "r", "--split", "valid", "--json")[1]
    assert json.loads(out) == {"bleu": 36.04, "signature": "13a"}
    run(capsys, "evaluate", "r", "--split", "train", "--set", "task.metrics=[chrf]", "--out", "o.jsonl")
    settings = [("r", "test", [], None), ("r", "valid", [], None), ("r", "train", ["task.metrics=[chrf]"], "o.jsonl")]
    assert [args for _, args, _ in heavy.calls] == settings


def stdin(monkeypatch, content):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


@pytest.fixture
def predictions(heavy):
    """A stand-in for `evaluation`, whose model answers with what is put into it."""
    module = heavy.module("api.predict", answerer=types.SimpleNamespace(answer="text"))
    module.asked = []

    def answers(answer, lines):
        module.asked.append(lines)
        return iter(module.found)

    module.answers = answers
    return module


def test_predict_standard_input(capsys, heavy, predictions, monkeypatch):
    predictions.found = [{"text": "ä", "score": -0.5}, {"text": "b", "score": -1.0}]
    stdin(monkeypatch, "\ufeffone\r\n\u2028two\n".encode())
    assert run(capsys, "predict", "m", "--json")[1].splitlines() == [
        '{"text": "ä", "score": -0.5}',
        '{"text": "b", "score": -1.0}',
    ]
    assert heavy.calls == [("answerer", ("m", []), {})]
    assert predictions.asked == [["one", "\u2028two"]]


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--n-best", "0"], "argument --n-best: must be at least 1, but is 0."),
        (["--n-best", "x"], "argument --n-best: "),
        (["--seed", "-1"], "argument --seed: must be at least 0, but is -1."),
    ],
    ids=["0", "x", "negative"],
)
def test_numbers_that_cannot_be(capsys, argv, said):
    status, out, err = run(capsys, "predict", "runs/dates", *argv)
    assert (status, out) == (2, "")
    assert f"keras-transformers predict: error: {said}" in err


def test_predict_files(capsys, predictions, tmp_path):
    predictions.found = [{"text": "ä"}, {"text": "", "truncated": True}, {"text": [0.5, 1.0]}]
    (tmp_path / "in.txt").write_text("a\n\nb", encoding="utf-8")
    status, _, err = run(capsys, "predict", "m", str(tmp_path / "in.txt"), "--out", str(tmp_path / "out.txt"))
    assert (status, err) == (0, "1 of 3 texts are longer than the model reads, and were cut.\n")
    assert (tmp_path / "out.txt").read_text(encoding="utf-8") == "ä\n\n[0.5, 1.0]\n"
    assert predictions.asked == [["a", "", "b"]]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.txt", "out.txt"]


def test_the_run_is_looked_for_before_the_text_is_read(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "stdin", None)
    said = f"There is no run at {tmp_path / 'r'}: train one with `keras-transformers train`.\n"
    for verb in ("predict", "evaluate", "embed"):
        assert run(capsys, verb, str(tmp_path / "r")) == (2, "", said)


def test_predict_what_is_not_text(capsys, heavy, monkeypatch, tmp_path):
    stdin(monkeypatch, b"one\ntw\xff\n")
    said = (
        "Standard input:2 is not UTF-8: byte 0xff at position 2 of the line; convert it, for example with "
        "`iconv -f WINDOWS-1252 -t UTF-8`.\n"
    )
    assert run(capsys, "predict", "m") == (2, "", said)
    missing = str(tmp_path / "none.txt")
    said = f"{missing} cannot be read: No such file or directory.\n"
    assert run(capsys, "predict", "m", missing) == (2, "", said)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_predict_knows_how_text_is_written(capsys, predictions, monkeypatch, tmp_path, end):
    predictions.found = [{"text": "c"}, {"text": "d"}]
    content = f"ä{end}b{end}".encode("utf-16")
    (tmp_path / "in.txt").write_bytes(content)
    assert run(capsys, "predict", "m", str(tmp_path / "in.txt"), "--out", str(tmp_path / "out.txt"))[0] == 0
    stdin(monkeypatch, content)
    assert run(capsys, "predict", "m", "--out", str(tmp_path / "out.txt"))[0] == 0
    assert predictions.asked == [["ä", "b"]] * 2


def test_export(capsys, heavy):
    heavy.module("api.export", export="d")
    assert run(capsys, "export", "r", "d", "--overwrite", "--weights", "int8")[:2] == (0, "progress\nd\n")
    given = {"overwrite": True, "overrides": [], "format": "savedmodel", "weights": "int8"}
    assert heavy.calls == [("export", ("r", "d"), given)]


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (RunError("It is no run."), 2, "It is no run.\n"),
        (TrainingInterrupted("Go on with --resume."), 130, "Go on with --resume.\n"),
        (KeyboardInterrupt(), 130, "Interrupted.\n"),
        (OSError(errno.ENOSPC, "x", "runs/a"), 2, "No space is left on the device: runs/a.\n"),
        (PermissionError(errno.EACCES, "x", "runs/a"), 2, "Permission is denied: runs/a.\n"),
        (OSError(errno.ENOSPC, "x"), 2, "No space is left on the device.\n"),
    ],
)
def test_errors_are_sentences(capsys, heavy, error, status, said):
    heavy.module("api.export", export=error)
    assert run(capsys, "export", "r", "d") == (status, "", said)


def test_other_errors_are_not_hidden(heavy):
    heavy.module("api.export", export=ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        cli.main(["export", "r", "d"])


def test_a_reader_that_leaves_early():
    command = f"{sys.executable} -m keras_transformers schema | head -c 1"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("{", "")


def test_registry_check(capsys, monkeypatch):
    from keras_transformers.registry import manifest

    monkeypatch.setattr(commands, "import_keras", lambda: None)
    monkeypatch.setattr(manifest, "check", lambda: ["`a/b` differs."])
    status, out, err = run(capsys, "registry", "check")
    assert (status, out) == (2, "")
    assert err == "`a/b` differs.\n`keras-transformers registry sync` writes the manifests.\n"
    monkeypatch.setattr(manifest, "check", list)
    assert run(capsys, "registry", "check") == (0, "The manifests agree with the code.\n", "")


def test_registry_sync(capsys, monkeypatch, tmp_path):
    from keras_transformers.registry import manifest

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(commands, "import_keras", lambda: None)
    monkeypatch.setattr(manifest, "sync", lambda: [tmp_path / "registry" / "a.yaml"])
    monkeypatch.setattr(manifest, "sync_plugin", lambda package: [])
    assert run(capsys, "registry", "sync")[:2] == (0, "registry/a.yaml\n")
    assert run(capsys, "registry", "sync", "acme")[:2] == (0, "The manifests agree with the code.\n")


def test_each_verb_has_its_function():
    assert {"list_", "show", "validate", "schema", "train", "evaluate", "predict", "export"} <= set(vars(commands))
