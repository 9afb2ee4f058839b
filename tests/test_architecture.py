"""Which part may import which: the contract of import-linter, and the table of docs/architecture.md that shows it."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "keras_transformers"


def contract():
    """Return the floors of the contract, lowest first: a set of parts each."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    floors = next(one["layers"] for one in settings["contracts"] if one["type"] == "layers")
    return [set(re.split(r"\s*[|:]\s*", floor)) for floor in reversed(floors)]


def table():
    """Return the floors that the page shows, lowest first."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    floors = {}
    for floor, parts in re.findall(r"^\| (\d+) \| (.*?) \|", page, re.M):
        floors.setdefault(int(floor), set()).update(re.findall(r"`(\w+)(?:/|\.py)`", parts))
    return [floors[floor] for floor in sorted(floors)]


def test_the_page_shows_the_contract():
    assert table() == contract()


def test_every_part_stands_on_a_floor():
    parts = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
    assert parts - {"__init__", "__main__", "testing"} == set().union(*contract())


def test_no_import_points_upward():
    if shutil.which("lint-imports", path=str(Path(sys.executable).parent)) is None:
        pytest.skip("import-linter is not there: pip install 'keras-transformers[lint]'")
    command = [Path(sys.executable).parent / "lint-imports", "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
