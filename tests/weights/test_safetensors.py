import json
import struct

import ml_dtypes
import numpy as np
import pytest

from keras_transformers.errors import CheckpointError
from keras_transformers.weights.safetensors import SafetensorsFile, write_safetensors

ARRAYS = {
    "matrix": np.arange(35, dtype="float32").reshape(5, 7),
    "vector": np.linspace(0, 1, 11, dtype="float32"),
    "empty": np.zeros((0, 3), "float32"),
}


def write(path, header, content=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + content)
    return path


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "model.safetensors"
    write_safetensors(path, {name: one.shape for name, one in ARRAYS.items()}, ARRAYS.get)
    return path


def test_what_is_written_is_read(path):
    file = SafetensorsFile(path)
    assert file.shapes == {name: one.shape for name, one in ARRAYS.items()}
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(file.read(name), array)


def test_the_bytes_are_those_of_the_format(path):
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    assert length % 8 == 0
    assert header["matrix"] == {"dtype": "F32", "shape": [5, 7], "data_offsets": [0, 140]}
    assert header["__metadata__"] == {"format": "pt"}
    assert content[8 + length : 8 + length + 140] == ARRAYS["matrix"].tobytes()


@pytest.mark.parametrize(("name", "dtype"), [("BF16", ml_dtypes.bfloat16), ("F16", "float16"), ("F64", "float64")])
def test_other_types(tmp_path, name, dtype):
    array = np.array([1.5, -2.0, 0.25], dtype)
    entry = {"dtype": name, "shape": [3], "data_offsets": [0, array.nbytes]}
    read = SafetensorsFile(write(tmp_path / "x", {"a": entry}, array.tobytes())).read("a")
    np.testing.assert_array_equal(read.astype("float32"), array.astype("float32"))


ENTRY = {"dtype": "F32", "shape": [3], "data_offsets": [0, 12]}


@pytest.mark.parametrize(
    "header",
    [b"not json", b"[1]", {"a": {**ENTRY, "dtype": "F31"}}, {"a": {**ENTRY, "shape": [5]}}, {"a": 7}],
    ids=["json", "list", "type", "shape", "entry"],
)
def test_a_damaged_header(tmp_path, header):
    path = write(tmp_path / "x", header, bytes(12))
    with pytest.raises(CheckpointError, match=r"x is damaged: it does not begin with a safetensors header\."):
        SafetensorsFile(path)


def test_a_file_of_a_few_bytes(tmp_path):
    (tmp_path / "x").write_bytes(b"abc")
    with pytest.raises(CheckpointError, match="x is damaged"):
        SafetensorsFile(tmp_path / "x")


def test_a_file_cut_short(path):
    content = path.read_bytes()
    path.write_bytes(content[:-5])
    with pytest.raises(CheckpointError, match=rf"speaks of {len(content)} bytes, but it has {len(content) - 5}\."):
        SafetensorsFile(path)


def test_no_file(tmp_path):
    with pytest.raises(CheckpointError, match=r"x cannot be read: No such file or directory\."):
        SafetensorsFile(tmp_path / "x")
