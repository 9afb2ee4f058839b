"""The wheel and the sdist: what they hold, and that the library works from outside the checkout."""

import ast
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SHIPPED = (
    ".ci", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "MANIFEST.in", "Makefile", "README.md",
    "benchmarks", "constraints.txt", "docs", "examples", "keras_transformers", "pyproject.toml", "recipes",
    "registry", "scripts", "setup.py", "tests",
)  # fmt: skip
MODULES = {"keras-nlp": "keras_hub", "pyyaml": "yaml", "tensorflow-text": "tensorflow_text"}


def run(*command, **options):
    done = subprocess.run(list(command), capture_output=True, text=True, timeout=300, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def build_wheel(source, folder):
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    run(*pip, "--wheel-dir", str(folder), str(source))
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A copy of what is shipped, so that building leaves nothing in the checkout."""
    copy = tmp_path_factory.mktemp("source")
    for name in SHIPPED:
        place = ROOT / name
        if place.is_dir():
            shutil.copytree(place, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(place, copy / name)
    return copy


@pytest.fixture(scope="module")
def wheel(source, tmp_path_factory):
    return build_wheel(source, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The folder in which the wheel is installed, without its dependencies."""
    target = tmp_path_factory.mktemp("installed")
    run(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target), str(wheel))
    return target


def test_wheel_holds_the_code_and_the_data_under_one_package(wheel):
    held = set(zipfile.ZipFile(wheel).namelist())

    code = {str(path.relative_to(ROOT)) for path in (ROOT / "keras_transformers").rglob("*.py")}
    data = {
        f"keras_transformers/_data/{path.relative_to(ROOT)}"
        for folder in ("registry", "recipes")
        for path in (ROOT / folder).glob("*.yaml")
    }
    assert len(data) >= 2
    page = {str(path.relative_to(ROOT)) for path in (ROOT / "keras_transformers" / "api" / "attend").glob("page.*")}
    assert len(page) == 4
    assert code | data | page <= held
    top = {name.split("/")[0] for name in held}
    assert {name for name in top if not name.endswith(".dist-info")} == {"keras_transformers"}


def test_sdist_builds_the_same_wheel(source, wheel, tmp_path):
    hook = "import sys; from setuptools import build_meta; build_meta.build_sdist(sys.argv[1])"
    run(sys.executable, "-c", hook, str(tmp_path), cwd=source)
    (sdist,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"LICENSE", "constraints.txt", "scripts/test", "tests/test_packaging.py"} <= names

    again = build_wheel(sdist, tmp_path)

    assert zipfile.ZipFile(again).namelist() == zipfile.ZipFile(wheel).namelist()


def test_installed_library_lists_its_components_outside_the_checkout(installed, tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    where = "import keras_transformers as kt; print(kt.__file__)"
    file = run(sys.executable, "-c", where, cwd=tmp_path, env=environment)
    assert Path(file.strip()).is_relative_to(installed)

    listed = run(sys.executable, "-m", "keras_transformers", "list", cwd=tmp_path, env=environment)

    for manifest in (ROOT / "registry").glob("*.yaml"):
        assert manifest.stem in listed


def test_installed_library_finds_its_recipes_outside_the_checkout(installed, tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    listed = run(sys.executable, "-m", "keras_transformers", "list", "recipes", cwd=tmp_path, env=environment)

    for recipe in (ROOT / "recipes").glob("*.yaml"):
        assert recipe.stem in listed


def test_version_is_said_once():
    text = (ROOT / "keras_transformers" / "__init__.py").read_text(encoding="utf-8")
    assert re.search(r'^__version__ = "(.+)"$', text, re.M)[1] == PROJECT["version"]


def test_every_import_is_a_declared_dependency():
    extras = PROJECT["optional-dependencies"]
    optional = [requirement for name in ("plot", "tagging", "jax", "ctranslate2") for requirement in extras[name]]
    declared = {requirement_name(requirement) for requirement in [*PROJECT["dependencies"], *optional]}
    modules = {MODULES.get(name, name) for name in declared}

    imported = set()
    for path in (ROOT / "keras_transformers").rglob("*.py"):
        imported |= set(absolute_imports(ast.parse(path.read_text(encoding="utf-8"))))

    assert imported - sys.stdlib_module_names - {"keras_transformers"} <= modules


def test_constraints_pin_every_requirement_to_a_version_it_allows():
    from packaging.requirements import Requirement

    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    extras = PROJECT["optional-dependencies"].values()
    for text in [*PROJECT["dependencies"], *(one for extra in extras for one in extra)]:
        requirement = Requirement(text)
        assert requirement.specifier.contains(pins[requirement.name]), text


def test_every_dependency_is_justified():
    decisions = (ROOT / "docs" / "decisions.md").read_text(encoding="utf-8")
    for text in PROJECT["dependencies"]:
        assert f"\n| {requirement_name(text)} | " in decisions, text


def requirement_name(text):
    return re.match(r"[A-Za-z0-9-]+", text)[0]


def absolute_imports(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module.split(".")[0]
