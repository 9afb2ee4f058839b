"""What the first version wrote, and code that was written for it, work unchanged: see frozen/make.py."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import keras
import numpy as np
import pytest

import keras_transformers as kt

FROZEN = Path(__file__).parent / "frozen"
EXPECTED = json.loads((FROZEN / "expected.json").read_text(encoding="utf-8"))
RUNS = EXPECTED["runs"]
NOTHING = {"text": "", "score": 0.0}
OWN_CODE = {"talking": "talking_heads", "own": "own_parts", "acme": None}
CLOSE = {"rel": 1e-3, "abs": 1e-4}
RANKS = 1e-2  # scores that lie within a rounding of one another take each other's ranks
"""Another processor sums float32 in another order, which some layers and a correlation of near numbers enlarge."""

PLAIN_KERAS = """
import json, sys
import keras, numpy as np
import keras_transformers.models  # registers the classes, as the layers' module does
folder, expected = sys.argv[1], json.load(sys.stdin)
for name, wanted in expected.items():
    model = keras.saving.load_model(f"{folder}/{name}.keras")
    arrays = {key: np.array(value, "int32") for key, value in wanted["inputs"].items()}
    outputs = model.predict(arrays if len(arrays) > 1 else arrays["ids"], verbose=0)
    pairs = [(outputs, wanted["outputs"])]
    if isinstance(outputs, dict):
        pairs = [(outputs[key], value) for key, value in wanted["outputs"].items()]
    for ours, theirs in pairs:
        np.testing.assert_allclose(ours, np.array(theirs), rtol=0, atol=3e-5 * np.abs(theirs).max())  # close.NETWORK
bert = keras.saving.load_model(f"{folder}/bert.keras")
weights = bert.get_weights()
bert.set_weights([0 * array for array in weights])
bert.load_weights(f"{folder}/bert.weights.h5")
for ours, theirs in zip(bert.get_weights(), weights, strict=True):
    np.testing.assert_array_equal(ours, theirs)
"""

USER = """
import importlib, json, sys
import keras, numpy as np
folder, module, expected = sys.argv[1], sys.argv[2], json.load(sys.stdin)
import keras_transformers as kt
if module:
    importlib.import_module(module)
scores, answers = kt.evaluate(f"{folder}/run"), list(kt.predict(f"{folder}/run", expected["lines"]))
old = kt.load_run(f"{folder}/run")
plain = keras.saving.load_model(old.model_file)  # the class is found by its frozen name
for one, two in zip(old.model().get_weights(), plain.get_weights(), strict=True):
    np.testing.assert_array_equal(one, two)
little = {"training.epochs": 1, "training.average_last": 1, "data.train.size": 211}
assert kt.build(old.recipe, little).count_params() == plain.count_params()
new = kt.train(f"{folder}/run/recipe.yaml", f"{folder}/again", little)
again = keras.saving.load_model(new.model_file)
for one, two in zip(new.model().get_weights(), again.get_weights(), strict=True):
    np.testing.assert_array_equal(one, two)
print(json.dumps({"evaluate": scores, "predict": answers, "loss": new.history[0]["loss"]}))
"""


def unpack(name, folder):
    """Unpack an archive; a run in it finds the text that it was trained on."""
    with tarfile.open(FROZEN / f"{name}.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    recipe = folder / "recipe.yaml"
    if recipe.is_file():
        text = recipe.read_text(encoding="utf-8")
        root = f"root: {json.dumps(str(FROZEN / 'text'))}\n"
        recipe.write_text(text.replace("root: /text\n", root), encoding="utf-8")
    return folder


def check(found, wanted):
    """Compare what is said with what was said: the same words, and numbers close to those of then."""
    if isinstance(wanted, dict):
        assert wanted.keys() <= found.keys()
        for key, value in wanted.items():
            check(found[key], pytest.approx(value, rel=RANKS) if key == "spearman" else value)
    elif isinstance(wanted, list):
        assert len(found) == len(wanted)
        for ours, theirs in zip(found, wanted):
            check(ours, theirs)
    else:
        assert found == (pytest.approx(wanted, **CLOSE) if isinstance(wanted, float) else wanted)


def process(script, *arguments, given, environment, folder):
    """Run a script in a fresh process, which must end well, and return what it prints last."""
    command = [sys.executable, "-c", script, *(str(argument) for argument in arguments)]
    done = subprocess.run(
        command, input=json.dumps(given), env=environment, cwd=folder, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout.splitlines()[-1] if done.stdout else ""


@pytest.fixture
def with_frozen_code(environment):
    """The environment of a process that sees the frozen modules; the plugin package is installed from them."""
    return {**environment, "PYTHONPATH": os.pathsep.join([str(FROZEN), environment["PYTHONPATH"]])}


@pytest.mark.parametrize("name", sorted(RUNS.keys() - OWN_CODE.keys()))
def test_a_run_says_what_it_said(name, tmp_path):
    run = unpack(name, tmp_path / "run")
    check(kt.evaluate(run), RUNS[name]["evaluate"])
    wanted = RUNS[name]["predict"]
    if name == "dates":  # a blank line was answered with an invented date, and now with nothing
        wanted = [answer if line else NOTHING for line, answer in zip(RUNS[name]["lines"], wanted)]
    check(list(kt.predict(run, RUNS[name]["lines"])), wanted)
    run = kt.load_run(run)
    plain = keras.saving.load_model(run.model_file)
    for ours, theirs in zip(plain.get_weights(), run.model().get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("name", ["dates", "question_answering"])
def test_a_saved_model_says_what_it_said(name, tmp_path):
    model = unpack(f"saved_{name}", tmp_path / "model")
    check(list(kt.predict(model, RUNS[name]["lines"])), RUNS[name]["predict"])


def test_an_interrupted_run_is_resumed(tmp_path):
    run = kt.load_run(unpack("interrupted", tmp_path / "run"))
    (before,) = run.history
    kt.train(run.recipe_file, run.path, resume=True)
    first, *later = run.history
    assert first == before
    assert [line["epoch"] for line in later] == [2, 3]
    assert later[1]["loss"] < later[0]["loss"] < first["loss"]
    assert run.model_file.is_file()


def test_files_of_keras_load_in_plain_keras(environment, tmp_path):
    folder = unpack("models", tmp_path / "models")
    process(PLAIN_KERAS, folder, given=EXPECTED["models"], environment=environment, folder=tmp_path)


@pytest.mark.parametrize("name", ["talking", *(pytest.param(name, marks=pytest.mark.long) for name in ("own", "acme"))])
def test_code_of_ones_own_works_unchanged(name, with_frozen_code, tmp_path):
    unpack(name, tmp_path / "run")
    module = OWN_CODE[name] or ""
    environment = with_frozen_code
    if name == "acme":
        environment = {**environment, "PYTHONPATH": installed(tmp_path, environment["PYTHONPATH"])}
    said = process(USER, tmp_path, module, given=RUNS[name], environment=environment, folder=tmp_path)
    found = json.loads(said)
    check(found, {key: RUNS[name][key] for key in ("evaluate", "predict")})
    assert 0 < found["loss"] < 10


def installed(folder, path):
    """Install the frozen plugin package, and return the path that finds it before others of its name."""
    shutil.copytree(FROZEN / "plugin_package", folder / "source")
    options = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "install", *options, "--target", folder / "site", folder / "source"]
    subprocess.run(command, check=True)
    return os.pathsep.join([str(folder / "site"), path])


def test_recipes_are_valid(tmp_path):
    folder = unpack("recipes", tmp_path / "recipes")
    recipes = sorted(folder.glob("*.yaml"))
    assert len(recipes) == 19
    for recipe in recipes:
        assert kt.load_recipe(str(recipe)).tree["model"]["dim"] > 0
