"""A folder takes the place of another whole, or not at all."""

import pytest

from keras_transformers.errors import ExportError, RunError
from keras_transformers.files import replacing, writing


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
