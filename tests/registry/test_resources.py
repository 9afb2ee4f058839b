import shutil
import subprocess
import sys

import pytest

from keras_transformers.errors import RegistryError
from keras_transformers.registry import resources


def test_a_checkout_has_its_registry_at_the_root():
    assert (resources.registry_dir() / "section.yaml").is_file()


def test_a_wheel_has_its_data_beside_the_module(tmp_path):
    package = tmp_path / "keras_transformers"
    package.mkdir()
    for name in ("__init__.py", "errors.py", "signature.py"):
        shutil.copy(resources.PACKAGE / name, package)
    shutil.copytree(resources.PACKAGE / "registry", package / "registry")
    (package / "_data" / "registry").mkdir(parents=True)
    (tmp_path / "registry").mkdir()  # someone else's
    code = "from keras_transformers.registry.resources import registry_dir; print(registry_dir())"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str((package / "_data" / "registry").resolve())


def test_a_missing_folder_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(resources, "PACKAGE", tmp_path / "p")
    with pytest.raises(RegistryError) as raised:
        resources.recipes_dir()
    assert str(raised.value) == (
        f"The library's folder `recipes` is missing: neither {tmp_path}/p/_data/recipes nor {tmp_path}/recipes exists."
    )
