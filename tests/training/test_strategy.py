import json
import subprocess
import sys
import types
from pathlib import Path

import pytest
import tensorflow as tf
from close import NETWORK, ROUNDING, SUMS, UPDATES

from keras_transformers.api.train import train
from keras_transformers.training.strategy import Auto, One, is_chief


def mirrored(*arguments):
    """Return what a process with two logical CPUs prints."""
    command = [sys.executable, Path(__file__).with_name("mirrored.py"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-6000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def steps():
    return mirrored("steps")


@pytest.mark.parametrize("strategy", [One(), Auto()])
def test_without_gpus_one_device_trains(strategy):
    assert strategy.make() is tf.distribute.get_strategy()


@pytest.mark.parametrize("case", ["sgd", "adam", "adam_clipped", "added_losses_and_weights"])
def test_two_replicas_compute_what_one_does(steps, case):
    assert steps["replicas"] == 2
    found = steps["cases"][case]
    assert found["change"] > 1e-3
    assert found["difference"] < UPDATES * found["change"]
    (one, evaluated), (two, also_evaluated) = found["logs"]
    assert two["tokens"] == pytest.approx(one["tokens"], rel=ROUNDING)  # with weights, what counts is no whole number
    assert two["loss"] == pytest.approx(one["loss"], rel=SUMS)
    assert also_evaluated["loss"] == pytest.approx(evaluated["loss"], rel=NETWORK)


def test_the_tolerance_tells_the_fault_that_keras_has(steps):
    found = steps["cases"]["plain_keras"]
    assert found["difference"] > 10 * UPDATES * found["change"]


CLUSTERS = [
    ({"worker": ["a:1", "b:1"]}, "worker", 0, True),
    ({"worker": ["a:1", "b:1"]}, "worker", 1, False),
    ({"chief": ["a:1"], "worker": ["b:1"]}, "chief", 0, True),
    ({"chief": ["a:1"], "worker": ["b:1"]}, "worker", 0, False),
]


@pytest.mark.parametrize(("cluster", "kind", "number", "chief"), CLUSTERS)
def test_of_several_workers_one_is_the_chief(cluster, kind, number, chief):
    spec = tf.train.ClusterSpec(cluster)
    resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(spec, task_type=kind, task_id=number)
    assert is_chief(types.SimpleNamespace(cluster_resolver=resolver)) is chief


def test_alone_one_is_the_chief():
    assert is_chief(tf.distribute.get_strategy())


@pytest.mark.long
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
