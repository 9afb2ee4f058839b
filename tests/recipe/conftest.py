from pathlib import Path

import pytest
import yaml

from keras_transformers.recipe import files
from keras_transformers.registry import builtin as catalogue

HERE = Path(__file__).parent

BASE = """\
# Header of base.
#
# train:   a command
model:
  type: transformer
  dim: 12
  encoder:
    layers: 2
    block:
      attention: {type: multi_head, heads: 3}
  position: sinusoidal
  dropout: 0.1
"""


@pytest.fixture
def zoo(tmp_path, monkeypatch):
    """A registry and a folder of recipes made for the test; the working directory is above them."""
    manifests, recipes = tmp_path / "manifests", tmp_path / "recipes"
    manifests.mkdir()
    recipes.mkdir()
    grammar = yaml.safe_load((HERE / "grammar.yaml").read_text(encoding="utf-8"))
    for slot, entries in grammar.items():
        (manifests / f"{slot}.yaml").write_text(yaml.safe_dump(entries, sort_keys=False), encoding="utf-8")
    (recipes / "base.yaml").write_text(BASE, encoding="utf-8")
    monkeypatch.setattr(catalogue, "registry_dir", lambda: manifests)
    monkeypatch.setattr(files, "recipes_dir", lambda: recipes)
    monkeypatch.chdir(tmp_path)
    catalogue.refresh()
    yield recipes
    catalogue.refresh()


@pytest.fixture
def write(zoo):
    """Return a function that writes recipes/NAME.yaml."""

    def write(name, text):
        path = zoo / f"{name}.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write
