"""The safetensors format: a JSON header with each tensor's type, shape and place, then the bytes.

Written out here because a tensor must be read alone, bfloat16 included, and what is damaged must
be said in a sentence. Source: https://huggingface.co/docs/safetensors/index#format
"""

import json
import math
import struct
from pathlib import Path

import ml_dtypes
import numpy as np

from ..errors import CheckpointError

DTYPES = {
    "F64": np.dtype("<f8"),
    "F32": np.dtype("<f4"),
    "F16": np.dtype("<f2"),
    "BF16": np.dtype(ml_dtypes.bfloat16),
    "I64": np.dtype("<i8"),
    "I32": np.dtype("<i4"),
    "U8": np.dtype("u1"),
    "BOOL": np.dtype("?"),
}
METADATA = "__metadata__"


class SafetensorsFile:
    """The tensors of one file, each read when it is asked for.

    Args:
        path: The file.

    Raises:
        CheckpointError: It is not a safetensors file, or is cut short.
    """

    def __init__(self, path):
        self.path = Path(path)
        try:
            size = self.path.stat().st_size
            with self.path.open("rb") as file:
                prefix = file.read(8)
                length = struct.unpack("<Q", prefix)[0] if len(prefix) == 8 else size
                header = file.read(length) if length <= size - 8 else b""
        except OSError as error:
            raise CheckpointError(f"{self.path} cannot be read: {error.strerror}.") from None
        try:
            entries = json.loads(header)
            entries.pop(METADATA, None)
            self._entries = {name: _entry(**entry) for name, entry in entries.items()}
        except (ValueError, TypeError, AttributeError, KeyError, UnicodeDecodeError):
            raise CheckpointError(f"{self.path} is damaged: it does not begin with a safetensors header.") from None
        self._start = 8 + length
        end = self._start + max((end for *_, end in self._entries.values()), default=0)
        if end > size:
            raise CheckpointError(f"{self.path} is cut short: its header speaks of {end:,} bytes, but it has {size:,}.")
        self.shapes = {name: shape for name, (_, shape, _, _) in self._entries.items()}

    def read(self, name):
        """Return one tensor as a NumPy array; no other is read."""
        dtype, shape, start, end = self._entries[name]
        with self.path.open("rb") as file:
            file.seek(self._start + start)
            return np.frombuffer(file.read(end - start), dtype).reshape(shape)

    def read_rows(self, name, first, last):
        """Return the rows from `first` up to `last`, without it, of a tensor."""
        dtype, shape, start, _ = self._entries[name]
        row = math.prod(shape[1:]) * dtype.itemsize
        with self.path.open("rb") as file:
            file.seek(self._start + start + first * row)
            return np.frombuffer(file.read((last - first) * row), dtype).reshape(last - first, *shape[1:])


def _entry(dtype, shape, data_offsets):
    """Return the type, shape, first and last byte of a header's entry."""
    dtype, shape, (start, end) = DTYPES[dtype], tuple(shape), data_offsets
    if not 0 <= start <= end or end - start != math.prod(shape) * dtype.itemsize:
        raise ValueError
    return dtype, shape, start, end


def write_safetensors(path, shapes, read):
    """Write float32 tensors, one at a time.

    Args:
        path: The file.
        shapes: {name: shape}.
        read: Function from a name to its NumPy array.
    """
    header, place = {METADATA: {"format": "pt"}}, 0  # without it, Transformers refuses the file
    for name, shape in shapes.items():
        end = place + 4 * math.prod(shape)
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [place, end]}
        place = end
    text = json.dumps(header).encode("utf-8")
    text += b" " * (-len(text) % 8)
    with Path(path).open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name in shapes:
            file.write(np.ascontiguousarray(read(name), "<f4").data)
