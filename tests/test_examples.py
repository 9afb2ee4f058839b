"""The examples run as they stand, as a new user would run them."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_tour(tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "2"}
    command = [sys.executable, str(ROOT / "examples" / "tour.py"), str(tmp_path / "tour")]

    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=600)

    assert done.returncode == 0, done.stderr[-4000:]
    assert "Did you mean `dim`?" in done.stdout
    assert (tmp_path / "tour" / "reversals.keras").is_file()
    assert (tmp_path / "tour" / "exported").is_dir()
