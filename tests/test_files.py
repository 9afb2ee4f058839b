"""A file or folder takes the place of another whole, or not at all; JSON is JSON."""

import json
import math
import os
import stat
import threading
from pathlib import Path

import numpy as np
import pytest
from awkward_paths import NAMES
from random_text import random_texts

from keras_transformers import files
from keras_transformers.errors import ExportError, RunError
from keras_transformers.files import Kind, refuse_existing, replacing, to_json, whole, writing


def test_a_folder_appears_when_it_is_whole(tmp_path):
    path = tmp_path / "deep" / "run"
    with replacing(path) as folder:
        (folder / "recipe.yaml").write_text("new")
        assert not path.exists()
    assert (path / "recipe.yaml").read_text() == "new"
    assert [entry.name for entry in path.parent.iterdir()] == ["run"]


def test_what_was_there_is_replaced_at_the_end(tmp_path):
    path = tmp_path / "run"
    path.mkdir()
    (path / "old").write_text("")
    with replacing(path) as folder:
        (folder / "new").write_text("")
        assert (path / "old").exists()
    assert [entry.name for entry in path.iterdir()] == ["new"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["run"]


def test_a_failure_leaves_what_was_there(tmp_path):
    path = tmp_path / "run"
    path.mkdir()
    (path / "old").write_text("")
    with pytest.raises(ZeroDivisionError), replacing(path):
        raise ZeroDivisionError
    assert [entry.name for entry in path.iterdir()] == ["old"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["run"]


def test_an_empty_working_directory_is_filled(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with replacing(".") as folder:
        (folder / "recipe.yaml").write_text("new")
    assert [entry.name for entry in tmp_path.iterdir()] == ["recipe.yaml"]


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "disk" / "old").write_text("")
    (tmp_path / "run").symlink_to(tmp_path / "disk")
    with replacing(tmp_path / "run") as folder:
        (folder / "new").write_text("")
    assert (tmp_path / "run").is_symlink()
    assert [entry.name for entry in (tmp_path / "disk").iterdir()] == ["new"]


def test_a_folder_under_a_file_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError) as raised, replacing(tmp_path / "file" / "run"):
        pass
    assert str(raised.value) == f"{tmp_path}/file/run cannot be written: Not a directory."


def test_the_error_is_the_callers(tmp_path):
    with pytest.raises(ExportError) as raised, writing(tmp_path, ExportError):
        raise OSError(28, "No space left on device")
    assert str(raised.value) == f"{tmp_path} cannot be written: No space left on device."


@pytest.mark.parametrize("name", NAMES)
def test_files_and_folders_of_any_name(tmp_path, name):
    with replacing(tmp_path / name) as folder:
        files.write_text(folder / name, "é\n\r\n")
    files.write_json(tmp_path / name / "a.json", {"name": name})
    assert (tmp_path / name / name).read_bytes() == "é\n\r\n".encode()
    assert json.loads((tmp_path / name / "a.json").read_bytes()) == {"name": name}
    assert sorted(os.listdir(tmp_path)) == [name]
    assert sorted(os.listdir(tmp_path / name)) == sorted([name, "a.json"])


def test_a_file_that_fails_leaves_what_was_there(tmp_path):
    path = tmp_path / "file"
    files.write_text(path, "old")

    def fail():
        with whole(path) as stream:
            stream.write("new")
            stream.flush()
            assert path.read_text() == "old"
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["file"]


def test_a_file_keeps_its_permissions_and_a_link_stays_a_link(tmp_path):
    (tmp_path / "disk").mkdir()
    file, link = tmp_path / "disk" / "file", tmp_path / "link"
    link.symlink_to(file)
    files.write_bytes(link, b"1")
    assert (link.is_symlink(), file.read_bytes()) == (True, b"1")
    file.chmod(0o640)
    files.write_bytes(link, b"2")
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert (link.is_symlink(), file.read_bytes()) == (True, b"2")


def test_what_is_no_file_is_written_as_it_is(tmp_path):
    files.write_text("/dev/null", "x")
    assert not Path("/dev/null").is_file()
    pipe, read = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()))
    reader.start()
    with whole(pipe) as stream:
        stream.write("y")
    reader.join()
    assert read == ["y"]
    assert pipe.is_fifo()


def test_what_a_killed_process_left_behind_is_no_strangers(tmp_path):
    kind = Kind("a run directory", "recipe.yaml", frozenset({"recipe.yaml", "metrics.jsonl"}))
    for name in ("recipe.yaml", ".metrics.jsonl.4711.partial"):
        (tmp_path / name).write_text("")
    refuse_existing(tmp_path, kind, overwrite=True)
    (tmp_path / ".notes.txt.4711.partial").write_text("")
    with pytest.raises(RunError, match=r"also holds `\.notes\.txt.4711\.partial`, which is no part of a run directory"):
        refuse_existing(tmp_path, kind, overwrite=True)


def strict(text):
    """Read JSON as other programs do."""
    return json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))


def test_numbers_that_are_none_are_null():
    value = {
        "a": math.nan,
        "b": [math.inf, (-math.inf, 1.5)],
        "c": {"d": np.float32("nan")},
        "e": np.array([1, np.nan]),
    }
    assert strict(to_json(value)) == {"a": None, "b": [None, [None, 1.5]], "c": {"d": None}, "e": [1.0, None]}


def test_numbers_of_numpy_and_paths_are_plain():
    value = [np.float32(0.5), np.int64(7), np.bool_(True), np.array([[2, 3]]), Path("a/b")]
    assert strict(to_json(value)) == [0.5, 7, True, [[2, 3]], "a/b"]


@pytest.mark.parametrize("only_ascii", [False, True])
def test_texts_read_back_line_by_line(tmp_path, only_ascii):
    texts = random_texts(3001)
    lines = [to_json({text: text}, only_ascii=only_ascii) for text in texts]
    (tmp_path / "lines").write_bytes("\n".join(lines).encode("ascii" if only_ascii else "utf-8"))
    read = (tmp_path / "lines").read_text("utf-8").splitlines()
    assert [strict(line) for line in read] == [{text: text} for text in texts]


def test_a_file_of_json_lines(tmp_path):
    files.write_json_lines(tmp_path / "a.jsonl", [{"a": "é"}, {"a": math.nan}])
    assert (tmp_path / "a.jsonl").read_text("utf-8") == '{"a": "é"}\n{"a": null}\n'
    assert to_json({"a": [1, 2]}, compact=True) == '{"a":[1,2]}'
