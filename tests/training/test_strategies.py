import json
import subprocess
import sys
from pathlib import Path

import pytest
import tensorflow as tf

from keras_transformers.api.train import train
from keras_transformers.training.strategies import strategy_of


def mirrored(*arguments):
    """Return what a process with two logical CPUs prints."""
    command = [sys.executable, Path(__file__).with_name("mirrored.py"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-6000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def steps():
    return mirrored("steps")


@pytest.mark.parametrize("name", ["one", "auto"])
def test_without_gpus_one_device_trains(name):
    assert strategy_of(name) is tf.distribute.get_strategy()


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adam_clipped"])
def test_two_replicas_compute_what_one_does(steps, optimizer):
    assert steps["replicas"] == 2
    found = steps["optimizers"][optimizer]
    assert found["difference"] < 1e-6
    assert found["change"] > 1e-3
    one, two = found["logs"]
    assert two["tokens"] == one["tokens"]
    assert two["loss"] == pytest.approx(one["loss"], rel=1e-6)


def test_a_mirrored_training_from_end_to_end(quick, tmp_path):
    overrides = {
        **quick,
        "training.strategy": "mirrored",
        "data.valid": {"type": "dates", "split": "valid", "size": 23},
    }
    folder = str(tmp_path / "run")
    done = mirrored("train", json.dumps({"recipe": "dates", "run": folder, "overrides": overrides}))
    assert [line["epoch"] for line in done["history"]] == [1, 2, 3]
    assert done["history"][1]["loss"] < done["history"][0]["loss"]
    assert "val_exact_match" in done["history"][0]
    assert done["report"]["weights"] == "mean of the last 2 epochs"
    one = train("dates", folder, {"training.strategy": "one", "training.epochs": 4}, resume=True)
    assert one.history[:3] == done["history"]
