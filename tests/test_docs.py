"""The documents: links resolve, verbs and names exist, code in them runs."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
LINK = re.compile(r"\[[^\]]+\]\(([^)#\s]+)(?:#[^)]*)?\)")
PYTHON = re.compile(r"```python\n(.*?)```", re.S)
ENVIRONMENT = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"}


def text_of(name):
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_resolve(page):
    targets = [link for link in LINK.findall(page.read_text(encoding="utf-8")) if "://" not in link]
    assert [link for link in targets if not (page.parent / link).exists()] == []


def test_readme_links_every_document():
    linked = set(LINK.findall(text_of("README.md")))
    assert {f"docs/{page.name}" for page in ROOT.glob("docs/*.md")} <= linked


def test_readme_shows_every_verb_and_no_other():
    from keras_transformers.cli import parser as cli

    verbs = re.findall(r"^    ([a-z]+) ", cli.parser().format_help().partition("verbs:")[2], re.M)
    assert len(verbs) >= 9
    assert set(re.findall(r"keras-transformers ([a-z]+)", text_of("README.md"))) == set(verbs)


def test_readme_begins_with_the_two_commands():
    first, second = re.findall(r"```sh\n(.*?)```", text_of("README.md"), re.S)[:2]
    assert (first, second) == ("scripts/demo\n", "scripts/test\n")
    assert second in text_of(".ci/run")


def test_makefile_chores_in_contributing_exist():
    chores = set(re.findall(r"^    make ([a-z-]+)", text_of("CONTRIBUTING.md"), re.M))
    assert chores
    assert chores <= set(re.findall(r"^([a-z-]+):", text_of("Makefile"), re.M))


def test_reference_pages_are_what_the_code_says():
    command = [sys.executable, str(ROOT / "scripts" / "reference"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_one_talking_heads_everywhere():
    def code(text):
        return text[text.index("@kt.register(") :].strip()

    example = code(text_of("examples/talking_heads.py"))
    for page in ("README.md", "docs/writing-a-layer.md"):
        block = next(one for one in PYTHON.findall(text_of(page)) if "talking_heads.py" in one)
        assert code(block) == example


def test_the_loss_of_the_guide_works(tmp_path):
    (block,) = PYTHON.findall(text_of("docs/writing-a-loss.md"))
    (tmp_path / "focal.py").write_text(block, encoding="utf-8")
    script = """
import keras, numpy as np
import focal
import keras_transformers as kt
from keras_transformers import registry

from keras_transformers.registry.assemble import assemble

spec = {"labels": ["a", "b", "c"], "pair": False, "loss": {"type": "focal", "gamma": 2.0}}
tree = kt.load_recipe("trec", {f"task.{name}": value for name, value in spec.items()}).tree
task = assemble("task", tree["task"])
x, y = np.eye(3, dtype="float32"), np.array([2, 0, 1])
logits = np.array([[0, 0, 0], [9, 0, 0], [0, 0, 9]], "float32")
total, count = task.loss().totals({"label": y}, logits)
third = (1 - 1 / 3) ** 2 * np.log(3)
assert count == 3 and abs(float(total) - third - 9) < 0.01, (total, count)
model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3)])
model.compile(keras.optimizers.SGD(1.0), loss=focal.Focal(), jit_compile=False)
losses = model.fit(x, y, epochs=9, verbose=0).history["loss"]
assert losses[-1] < 0.5 * losses[0], losses
"""
    environment = {**ENVIRONMENT, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_layers_of_the_guide_work(tmp_path):
    for block in PYTHON.findall(text_of("docs/writing-a-layer.md")):
        name = re.match(r"# (\S+\.py)\n", block)[1]
        (tmp_path / name).write_text(block, encoding="utf-8")
    script = """
import all_checks, check, talking_heads
from keras_transformers.layers import MultiHeadAttention
layer = talking_heads.TalkingHeads(heads=check.H)
assert layer(check.x).shape == check.x.shape
plain = MultiHeadAttention(heads=check.H)
plain(check.x)
assert len(layer.weights) == len(plain.weights) + 2
"""
    environment = {**ENVIRONMENT, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}

    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr


def test_the_other_parts_of_the_guide_work(tmp_path, tiny):
    page = text_of("docs/writing-other-parts.md")
    (tmp_path / "parts.py").write_text("".join(PYTHON.findall(page)), encoding="utf-8")
    (recipe,) = re.findall(r"```yaml\n(.*?)```", page, re.S)
    (tmp_path / "mine.yaml").write_text(recipe, encoding="utf-8")
    kept = {name: value for name, value in tiny.items() if "schedule" not in name}
    script = """
import json, sys
import keras_transformers as kt
from keras_transformers import registry
registry.load_plugin("parts.py")
run = kt.train("mine.yaml", "run", json.loads(sys.argv[1]))
assert [line["gap"] for line in run.history] == [line["val_loss"] - line["loss"] for line in run.history]
(answer,) = kt.predict(kt.export(run, "exported"), ["3 May 2021"])
assert answer["text"] == answer["text"].upper() and len(answer["text"]) <= 12, answer
(own,) = kt.predict(run, ["3 May 2021"])
assert own["text"] == answer["text"]
try:
    kt.build("mine.yaml")
except kt.errors.RecipeError as error:
    assert "`tokenizer/bytes` says it only once it is trained" in str(error), error
model = kt.build("mine.yaml", {"model.vocab_size": 260})
assert model.initialization.scale == 0.5 and model.from_config(model.get_config()).initialization.scale == 0.5
"""
    environment = {**ENVIRONMENT, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", script, json.dumps(kept)]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert re.search(r"note \d+ matrices are kept as they are", done.stderr)


def test_the_searches_of_the_guide_work(tmp_path, tiny):
    """Trained with one, exported with either: a SavedModel answers as the run, and no search says more than it may."""
    page = text_of("docs/writing-a-search.md")
    for block in PYTHON.findall(page):
        (tmp_path / re.match(r"# (\S+\.py)\n", block)[1]).write_text(block, encoding="utf-8")
    (recipe,) = re.findall(r"```yaml\n(.*?)```", page, re.S)
    (tmp_path / "mine.yaml").write_text(recipe, encoding="utf-8")
    script = """
import json, sys
import check_search
import keras_transformers as kt
run = kt.train("mine.yaml", "run", json.loads(sys.argv[1]))
texts, beginnings = ["3 May 2021", "le 4 juin 1999"], ["20", "1"]
typical = ["task.search={type: typical, mass: 0.5, max_length: 12}"]
for folder, overrides, count, most in (("diverse", [], 3, 20), ("typical", typical, 1, 12)):
    exported = kt.export(run, folder, overrides=overrides)
    found = list(kt.predict(exported, texts, seed=5, prefix=beginnings))
    own = list(kt.predict(run, texts, overrides, seed=5, prefix=beginnings))
    assert [row["texts"] for row in found] == [row["texts"] for row in own]
    for row, beginning in zip(found, beginnings):
        assert len(row["texts"]) == count and row["scores"] == sorted(row["scores"], reverse=True)
        assert all(text.startswith(beginning) for text in row["texts"]), row
        assert all(len(ids) <= most for ids in row["tokens"]), row
(greedy,) = kt.predict(run, texts[:1], ["task.search={type: greedy, max_length: 20}"])
(row,) = kt.predict(run, texts[:1], ["task.search.strength=0.0"], n_best=2)
assert row["texts"] == 2 * [greedy["text"]], row
said = [next(kt.predict("typical", texts, seed=seed))["texts"][0] for seed in (5, 6)]
assert said[0] != said[1], said
assert "".join(kt.complete(run, texts[0], typical, seed=5)) == said[0]
"""
    environment = {**ENVIRONMENT, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}
    command = [sys.executable, "-c", script, json.dumps(tiny)]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_metric_of_the_guide_scores(tmp_path):
    (block,) = PYTHON.findall(text_of("docs/metrics.md"))
    (tmp_path / "similarity.py").write_text(block, encoding="utf-8")
    script = """
import sys
import keras_transformers as kt
from similarity import Similarity
recipe = kt.load_recipe("dates", {"task.metrics": [{"type": "similarity", "ignore_case": True}]})
(spec,) = recipe.tree["task"]["metrics"]
metric = kt.resolve("metric", spec.pop("type"))(**spec)
assert type(metric) is Similarity and metric.check(["a"], "data.valid") == []
assert metric(["ABCD", "ab"], ["abxd", "ab"]) == {"similarity": 87.5}
assert "tensorflow" not in sys.modules
"""
    environment = {**ENVIRONMENT, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_metric_is_on_its_page():
    from keras_transformers import registry
    from keras_transformers.metrics.tag_schemes import Scheme

    page = text_of("docs/metrics.md")
    table = page[: page.index("## What cannot")]
    assert [name for name in registry.names("metric") if f"`{name}`" not in table] == []
    assert [scheme for scheme in Scheme if f"`{scheme}`" not in page] == []
