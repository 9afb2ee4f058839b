"""The benchmarks run, on little, and print their table."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LITTLE = {
    "bert.py": "--recipe bert_tiny --set model.vocab_size=101 --set model.encoder.layers=1 --part inference lengths "
    "--batch 3 --length 17 --rounds 1 --steps 1 --warmup 1",
    "compression.py": "--limit 5 --split test",
    "decoding.py": "--recipe transformer_tiny --vocabulary 101 --sentences 3 --steps 5 --turns 1",
    "export_speed.py": "--limit 5 --requests 1 5 --runs 1",
    "goodput.py": "--recipe transformer_tiny --set model.dim=12 --pairs 101 --batch 7 --rounds 1 --steps 2 --warmup 1",
    "startup.py": "--runs 1",
}
FIGURE = {
    "bert.py": r"(?s)inference: bert_tiny.*lengths: bert_tiny.*ratio \d+\.\d\d \(median of 1 turns",
    "compression.py": r"xz -9e after the training text +│ +\d\.\d{3} │ +1\.000 │",
    "decoding.py": r"(?s)greedy, 3 sources.*5 steps.*ours float32 .* 5\.0\n.*beam 4, 3 sources.* 5\.0\n",
    "export_speed.py": r"│ +5 │ +[\d,]+\.\d │",
    "goodput.py": r"ratio \d+\.\d\d \(median of 1 turns",
    "startup.py": r"keras-transformers list +│ +\d\.\d{3} │",
}


def run(name, arguments):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(ROOT / "benchmarks" / name), *arguments.split()]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout


def test_each_is_tried():
    assert {path.name for path in (ROOT / "benchmarks").glob("*.py")} == set(LITTLE)


def test_an_interpreter_without_torch_is_told():
    little = LITTLE["bert.py"].replace("inference lengths", "inference").split()
    command = [sys.executable, str(ROOT / "benchmarks" / "bert.py"), "--torch", sys.executable, *little]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 2
    assert f"{sys.executable} cannot run Transformers' BERT (No module named 'torch')" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", LITTLE)
def test_help_gives_the_command(name):
    assert f"python benchmarks/{name}" in run(name, "--help")


@pytest.mark.long
@pytest.mark.parametrize("name", LITTLE)
def test_prints_its_figure(name):
    assert re.search(FIGURE[name], run(name, LITTLE[name]))
