"""A plugin package with one part for every slot: found, validated, trained, resumed, exported, served."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from keras_transformers.registry import resources
from keras_transformers.slots import CONTRACTS

PACKAGE = Path(__file__).parent / "plugin_every_slot"
PARTS = sorted(path for path in (PACKAGE / "acme_parts").glob("*.py") if path.stem != "__init__")
WORDS = ("one", "two", "three", "four", "five", "six", "seven")
BLOCK = {
    "attention": {"type": "parts/nearby", "heads": 2},
    "feed_forward": {"type": "parts/gated", "hidden_dim": 13},
    "norm": "parts/scale_norm",
    "norm_order": "pre",
}
SOURCE = {"type": "parts/arrows", "path": "pairs.txt"}
RECIPE = {
    "model": {
        "type": "parts/deep_encoder",
        "dim": 16,
        "embedding": "parts/unit",
        "position": "parts/scaled_sinusoidal",
        "encoder": {"type": "parts/with_its_input", "layers": 2, "block": {"type": "parts/scaled", **BLOCK}},
        "decoder": {"type": "parts/doubled", "layers": 1, "block": {"type": "parts/half", **BLOCK}},
        "initialization": {"type": "parts/small_outputs", "scale": 0.25},
    },
    "tokenizer": "parts/bytes",
    "data": {"train": SOURCE, "valid": SOURCE, "test": SOURCE, "max_length": 64, "batch_tokens": 256},
    "task": {
        "type": "parts/shouting",
        "search": {"type": "parts/short", "most": 9},
        "metrics": ["parts/word_share"],
        "loss": "parts/focal_tokens",
    },
    "training": {
        "optimizer": "parts/clipped_lion",
        "schedule": "parts/falling",
        "strategy": "parts/on_first",
        "adaptations": ["parts/no_position_scale"],
        "callbacks": ["parts/gap"],
        "precision": "float32",
        "epochs": 2,
    },
}
TRAIN = """
import json
import keras_transformers as kt
from keras_transformers import cli

assert cli.main(["validate", "recipe.yaml"]) == 0
run = kt.train("recipe.yaml", "run")
assert [line["gap"] for line in run.history] == [line["val_loss"] - line["loss"] for line in run.history]
assert cli.main(["train", "run/recipe.yaml", "--run", "run", "--resume", "--set", "training.epochs=3"]) == 0
assert len(run.history) == 3
assert kt.evaluate(run)["word_share"] == run.report["valid"]["word_share"]
model = run.model()
assert type(model).__module__ == "acme_parts.model"
answers = [answer["text"] for answer in kt.predict(run, ["one", "", "two three"])]
assert answers == [answer["text"] for answer in kt.predict(kt.export(run, "exported"), ["one", "", "two three"])]
assert all(text == text.upper() and len(text) <= 9 for text in answers), answers
print(json.dumps(answers))
"""
SERVE = """
import json, sys
import tensorflow as tf, tensorflow_text
answer = tf.saved_model.load("exported").signatures["serving_default"]
texts = answer(text=tf.constant(["one", "", "two three"]))["text"].numpy()
assert not {"keras_transformers", "acme_parts"} & set(sys.modules)
print(json.dumps([text.decode() for text in texts]))
"""
STORED = """
import json
from pathlib import Path
import numpy as np
import keras_transformers as kt
from keras_transformers.weights import open_checkpoint
from keras_transformers.weights.tensor_names import places

sections = json.loads(Path("stored/recipe.json").read_text())
model = kt.build({**sections, "task": None})
np.savez("stored/arrays.npz", **{place.name: place.variable.numpy() for place in places(model).values()})
assert type(open_checkpoint("stored")).__module__ == "acme_parts.checkpoint_format"
run = kt.import_checkpoint("stored", "run")
for ours, theirs in zip(run.model().get_weights(), model.get_weights(), strict=True):
    np.testing.assert_array_equal(ours, theirs)
assert run.tokenizer().size == len(Path("stored/vocab.txt").read_text().splitlines())
"""

CHECK = """
import inspect
from acme_parts import {module}
from keras_transformers.signature import registrations
from keras_transformers.testing import check_component

own = [value for value in vars({module}).values() if inspect.isclass(value) and value.__module__ == {module}.__name__]
(part,) = [value for value in own if registrations(value)]
check_component(part, arguments={{"path": "pairs.txt"}} if "{module}" == "source" else None)
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The environment of a process that sees the package, pip-installed into a scratch folder."""
    folder = tmp_path_factory.mktemp("parts")
    options = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check"]
    target = ["--target", folder / "site", copy_of(PACKAGE, folder / "source")]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, *target], check=True)
    path = [folder / "site", resources.PACKAGE.parent, os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(str(part) for part in path if str(part))}


def copy_of(package, folder):
    for path in [package / "pyproject.toml", *(package / "acme_parts").glob("*.*")]:
        place = folder / path.relative_to(package)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(path.read_bytes())
    return folder


def done(code, folder, environment):
    """Return what a process prints last."""
    command = [sys.executable, "-c", code]
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr[-4000:]
    return json.loads((ended.stdout.splitlines() or ["null"])[-1])


def test_every_slot_has_a_part_of_less_than_40_lines():
    assert {path.stem for path in PARTS} == {contract.slot for contract in CONTRACTS}
    assert [path.name for path in PARTS if len(path.read_text().splitlines()) >= 40] == []


def test_all_are_found(installed, tmp_path):
    code = "from keras_transformers.cli import main; main(['list', 'plugins', '--json'])"
    ended = subprocess.run([sys.executable, "-c", code], env=installed, capture_output=True, text=True, check=True)
    (plugin,) = [facts for name, facts in json.loads(ended.stdout).items() if name == "parts"]
    assert plugin["error"] is None
    assert {part.partition("/")[0] for part in plugin["components"]} == {contract.slot for contract in CONTRACTS}


@pytest.mark.long
def test_they_are_validated_trained_resumed_exported_and_served(installed, tmp_path):
    (tmp_path / "pairs.txt").write_text("".join(f"{word} -> {word[::-1]}\n" for word in WORDS))
    (tmp_path / "recipe.yaml").write_text(json.dumps(RECIPE))
    answers = done(TRAIN, tmp_path, installed)
    assert done(SERVE, tmp_path, os.environ) == answers


def test_a_format_of_checkpoints_is_imported(installed, tmp_path):
    (tmp_path / "stored").mkdir()
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
    (tmp_path / "stored" / "vocab.txt").write_text("".join(f"{piece}\n" for piece in pieces))
    block = {"type": "encoder_block", **BLOCK, "attention": {"type": "multi_head", "heads": 2}, "norm": None}
    block["feed_forward"] = {"type": "mlp", "hidden_dim": 13}
    model = {"type": "bert", "dim": 16, "vocab_size": len(pieces), "embedding": "token"}
    model["encoder"] = {"layers": 1, "block": block}
    sections = {"model": model, "tokenizer": {"type": "wordpiece", "vocab_size": len(pieces)}}
    (tmp_path / "stored" / "recipe.json").write_text(json.dumps(sections))
    done(STORED, tmp_path, installed)


@pytest.mark.long
@pytest.mark.parametrize("path", PARTS, ids=lambda path: path.stem)
def test_each_passes_the_checks_of_its_slot(path, installed, tmp_path):
    (tmp_path / "pairs.txt").write_text("one -> eins\n")
    done(CHECK.format(module=path.stem), tmp_path, installed)
