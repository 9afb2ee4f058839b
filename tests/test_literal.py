"""No path of a user's is taken for a pattern."""

import ast
import os
from pathlib import Path

import pytest
from awkward_paths import NAMES

import keras_transformers
from keras_transformers import literal as module
from keras_transformers.errors import RunError
from keras_transformers.literal import literal, literal_prefix

PACKAGE = Path(keras_transformers.__file__).parent
PATTERNS = set("*?[\\")
READS_PATTERNS = {"load_checkpoint", "CheckpointManager", "load", "save", "latest_checkpoint", "list_variables"}
SEARCHES = {"glob", "iglob", "fnmatch", "get_matching_files", "matching_files", "list_files", "checkpoint_exists"}


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_is_found_by_a_path_that_is_no_pattern(tmp_path, name):
    folder = tmp_path / name / "inner"
    path = Path(literal(folder))
    assert not PATTERNS & set(str(path))
    folder.mkdir(parents=True)
    (folder / "file").write_text("x")
    assert (path / "file").read_text() == "x"
    assert literal(folder) == str(path)
    assert (PATTERNS & set(name) != set()) == (path != folder)
    inner = Path(literal(tmp_path / name))
    assert (inner / "inner" / "file").read_text() == "x"


def test_a_link_that_someone_cleaned_up_is_made_again(tmp_path):
    path = Path(literal(tmp_path / "a*"))
    (tmp_path / "a*").mkdir()
    path.unlink()
    assert literal(tmp_path / "a*") == str(path)
    assert path.is_dir()


def test_the_files_of_a_prefix_are_found(tmp_path):
    for name in ("m[1].ckpt.index", "m[1].ckpt.data-0", "m1.ckpt.index", "other"):
        (tmp_path / name).write_text(name)
    prefix = literal_prefix(tmp_path / "m[1].ckpt")
    assert not PATTERNS & set(prefix)
    assert sorted(os.listdir(Path(prefix).parent)) == ["checkpoint.data-0", "checkpoint.index"]
    assert Path(f"{prefix}.index").read_text() == "m[1].ckpt.index"
    assert literal_prefix(tmp_path / "m1.ckpt") == str(tmp_path / "m1.ckpt")


def test_no_folder_for_links_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(module.os, "access", lambda *_: False)
    monkeypatch.setattr(module.tempfile, "gettempdir", lambda: "/tmp/x[1]")
    with pytest.raises(RunError) as raised:
        module._home.__wrapped__()
    assert str(raised.value) == (
        "/tmp/x[1] cannot hold temporary files that TensorFlow finds: set TMPDIR to a folder without `*`, `?`, `[` "
        "and backslashes in its path."
    )


def calls():
    """Yield (place, name, node) of every call of the library."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                yield f"{path.relative_to(PACKAGE)}:{node.lineno}", ast.unparse(node.func), node


def test_whatever_tensorflow_takes_for_a_pattern_is_given_a_literal_path():
    found = []
    for place, name, node in calls():
        module_name, _, function = name.rpartition(".")
        if function in READS_PATTERNS and module_name.startswith(("tf.train", "tf.saved_model")):
            found.append(place)
            assert "literal" in ast.unparse(ast.Tuple(node.args, ast.Load())), place
    assert len(found) >= 5


def test_nothing_searches_by_a_pattern_but_below_a_path():
    for place, name, node in calls():
        module_name, _, function = name.rpartition(".")
        assert function not in SEARCHES - {"glob"}, place
        if function in ("glob", "rglob"):  # of pathlib, whose own path is no pattern
            assert module_name not in ("", "glob", "tf.io.gfile"), place
            assert isinstance(node.args[0], ast.Constant), place
