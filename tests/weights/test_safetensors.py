import json
import struct

import ml_dtypes
import numpy as np
import pytest
from safetensors.numpy import save_file

from keras_transformers.errors import CheckpointError
from keras_transformers.weights.safetensors import SafetensorsFile

ARRAYS = {
    "matrix": np.arange(35, dtype="float32").reshape(5, 7),
    "half": np.array([1.5, -2.0, 0.25], ml_dtypes.bfloat16),
    "empty": np.zeros((0, 3), "float32"),
}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "model.safetensors"
    save_file(ARRAYS, path)
    return path


def test_tensors_and_their_rows(path):
    file = SafetensorsFile(path)
    assert file.shapes == {name: one.shape for name, one in ARRAYS.items()}
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(file.read(name).astype("float32"), array.astype("float32"))
    np.testing.assert_array_equal(file.read_rows("matrix", 2, 4), ARRAYS["matrix"][2:4])
    np.testing.assert_array_equal(file.read_rows("half", 1, 3).astype("float32"), [-2.0, 0.25])


@pytest.mark.parametrize("content", [b"", b"abc", struct.pack("<Q", 8) + b"not json", struct.pack("<Q", 10**15)])
def test_a_damaged_file(tmp_path, content):
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(CheckpointError, match="x is damaged or no safetensors file: "):
        SafetensorsFile(tmp_path / "x")


def test_an_entry_of_another_size(tmp_path):
    text = json.dumps({"a": {"dtype": "F32", "shape": [5], "data_offsets": [0, 12]}}).encode()
    (tmp_path / "x").write_bytes(struct.pack("<Q", len(text)) + text + bytes(12))
    with pytest.raises(CheckpointError, match="x is damaged or no safetensors file: "):
        SafetensorsFile(tmp_path / "x")


def test_a_file_cut_short(path):
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(CheckpointError, match=r"model\.safetensors is damaged or no safetensors file: "):
        SafetensorsFile(path)


def test_no_file(tmp_path):
    with pytest.raises(CheckpointError, match=r"x cannot be read: there is no such file\."):
        SafetensorsFile(tmp_path / "x")
