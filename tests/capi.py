"""Run a SavedModel through TensorFlow's C API, with no Python graph code at all.

`run` starts this file in an interpreter that sees no installed package (`-I -S`): it loads TensorFlow's
shared libraries and those of TF Text's operations by ctypes, as a server written in C would. What
answers there needs neither Keras nor TensorFlow's Python.
"""

import ctypes
import importlib.util
import json
import math
import subprocess
import sys
from pathlib import Path

FLOAT, DOUBLE, INT32, STRING, INT64, BOOL = 1, 2, 3, 7, 9, 10
NUMBERS = {
    FLOAT: ctypes.c_float,
    DOUBLE: ctypes.c_double,
    INT32: ctypes.c_int32,
    INT64: ctypes.c_int64,
    BOOL: ctypes.c_bool,
}


def run(saved_model, signature, inputs, timeout=300):
    """Return the outputs of a signature, a list of numbers or of str for each name, all axes in one.

    Args:
        saved_model: Folder of the SavedModel.
        signature: Name of the signature, such as "serving_default".
        inputs: For each input name a list of str, int or float; the tensor is one-dimensional.
        timeout: Seconds after which the process is killed.
    """
    request = {
        "libraries": _libraries(),
        "saved_model": str(saved_model),
        "signature": signature,
        "inputs": inputs,
    }
    done = subprocess.run(
        [sys.executable, "-I", "-S", __file__],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        timeout=timeout,
    )
    if done.returncode:
        raise AssertionError(f"The C API ended with {done.returncode}:\n{done.stderr[-4000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def _libraries():
    """Return TensorFlow's libraries, and those of TF Text's operations, without importing either."""
    tensorflow, text = (
        Path(importlib.util.find_spec(name).submodule_search_locations[0]) for name in ("tensorflow", "tensorflow_text")
    )
    core = [sorted(tensorflow.glob(f"libtensorflow_{name}.*"))[0] for name in ("framework", "cc")]
    return {
        "core": [str(path) for path in core],
        "operations": sorted(str(path) for path in (text / "python" / "ops").glob("_*.so")),
    }


class Output(ctypes.Structure):
    """TF_Output: one output of an operation."""

    _fields_ = [("operation", ctypes.c_void_p), ("index", ctypes.c_int)]


class Buffer(ctypes.Structure):
    """TF_Buffer: bytes that TensorFlow allocated."""

    _fields_ = [("data", ctypes.c_void_p), ("length", ctypes.c_size_t), ("free", ctypes.c_void_p)]


class String(ctypes.Structure):
    """TF_TString: 24 bytes that only TensorFlow's functions look into."""

    _fields_ = [("raw", ctypes.c_uint64 * 3)]


class Library:
    """TensorFlow's C functions; each call that reports a status raises RuntimeError on failure."""

    POINTERS = (
        "TF_NewStatus TF_Message TF_NewGraph TF_NewSessionOptions TF_NewBuffer TF_LoadLibrary "
        "TF_LoadSessionFromSavedModel TF_GraphOperationByName TF_AllocateTensor TF_TensorData "
        "TF_StringGetDataPointer"
    ).split()

    def __init__(self, core, operations):
        libraries = [ctypes.CDLL(path, mode=ctypes.RTLD_GLOBAL) for path in core]
        self.library = libraries[-1]
        for name in self.POINTERS:
            getattr(self.library, name).restype = ctypes.c_void_p
        self.library.TF_Dim.restype = ctypes.c_int64
        self.library.TF_StringGetSize.restype = ctypes.c_size_t
        self.status = ctypes.c_void_p(self.call("TF_NewStatus"))
        for path in operations:
            self.checked("TF_LoadLibrary", path.encode())

    def call(self, name, *arguments):
        return getattr(self.library, name)(*arguments)

    def checked(self, name, *arguments):
        result = self.call(name, *arguments, self.status)
        if self.call("TF_GetCode", self.status):
            message = ctypes.string_at(self.call("TF_Message", self.status)).decode()
            raise RuntimeError(f"{name}: {message}")
        return result


class Session:
    """A SavedModel, restored and initialized by TF_LoadSessionFromSavedModel."""

    def __init__(self, library, folder):
        self.library = library
        self.graph = ctypes.c_void_p(library.call("TF_NewGraph"))
        options = ctypes.c_void_p(library.call("TF_NewSessionOptions"))
        meta = ctypes.c_void_p(library.call("TF_NewBuffer"))
        tags = (ctypes.c_char_p * 1)(b"serve")
        arguments = (options, None, folder.encode(), tags, 1, self.graph, meta)
        self.session = ctypes.c_void_p(library.checked("TF_LoadSessionFromSavedModel", *arguments))
        buffer = ctypes.cast(meta, ctypes.POINTER(Buffer)).contents
        self.signatures = signatures(ctypes.string_at(buffer.data, buffer.length))

    def run(self, signature, inputs):
        if signature not in self.signatures:
            raise RuntimeError(f"No signature {signature!r}; there are {sorted(self.signatures)}.")
        wanted, answered = self.signatures[signature]
        if set(inputs) != set(wanted):
            raise RuntimeError(f"The signature takes {sorted(wanted)}, not {sorted(inputs)}.")
        feeds = [(wanted[name], values) for name, values in inputs.items()]
        tensors = [self._tensor(dtype, values) for (_, dtype), values in feeds]
        results = (ctypes.c_void_p * len(answered))()
        self.library.checked(
            "TF_SessionRun",
            self.session,
            None,
            (Output * len(feeds))(*(self._output(name) for (name, _), _ in feeds)),
            (ctypes.c_void_p * len(feeds))(*tensors),
            len(feeds),
            (Output * len(answered))(*(self._output(name) for name, _ in answered.values())),
            results,
            len(answered),
            None,
            0,
            None,
        )
        return {name: self._values(tensor) for name, tensor in zip(answered, results, strict=True)}

    def _output(self, tensor_name):
        operation, _, index = tensor_name.partition(":")
        found = self.library.call("TF_GraphOperationByName", self.graph, operation.encode())
        if not found:
            raise RuntimeError(f"The graph has no operation {operation!r}.")
        return Output(found, int(index or 0))

    def _tensor(self, dtype, values):
        kind = NUMBERS.get(dtype, String)
        shape = (ctypes.c_int64 * 1)(len(values))
        length = ctypes.c_size_t(len(values) * ctypes.sizeof(kind))
        tensor = self.library.call("TF_AllocateTensor", dtype, shape, 1, length)
        data = self.library.call("TF_TensorData", ctypes.c_void_p(tensor))
        cells = (kind * len(values)).from_address(data) if values else []
        for cell, value in enumerate(values):
            if dtype == STRING:
                content = value.encode()
                self.library.call("TF_StringInit", ctypes.byref(cells[cell]))
                size = ctypes.c_size_t(len(content))
                self.library.call("TF_StringCopy", ctypes.byref(cells[cell]), content, size)
            else:
                cells[cell] = value
        return tensor

    def _values(self, tensor):
        tensor = ctypes.c_void_p(tensor)
        axes = range(self.library.call("TF_NumDims", tensor))
        count = math.prod(self.library.call("TF_Dim", tensor, axis) for axis in axes)
        if not count:
            return []
        dtype = self.library.call("TF_TensorType", tensor)
        kind = NUMBERS.get(dtype, String)
        cells = (kind * count).from_address(self.library.call("TF_TensorData", tensor))
        if dtype != STRING:
            return list(cells)
        return [self._string(cell) for cell in cells]

    def _string(self, cell):
        size = self.library.call("TF_StringGetSize", ctypes.byref(cell))
        data = self.library.call("TF_StringGetDataPointer", ctypes.byref(cell))
        return ctypes.string_at(data, size).decode()


def signatures(meta_graph):
    """Return {signature: ({input: (tensor name, dtype)}, {output: …})} of a serialized MetaGraphDef."""
    found = {}
    for name, definition in _map(meta_graph, 5):
        found[name] = tuple({key: _tensor_info(info) for key, info in _map(definition, side)} for side in (1, 2))
    return found


def _tensor_info(message):
    fields = dict(_fields(message))
    return fields[1].decode() if 1 in fields else "", fields.get(2, 0)


def _map(message, number):
    """Yield (str, bytes) of the map field `number` of a protocol-buffer message."""
    for field, entry in _fields(message):
        if field == number:
            pair = dict(_fields(entry))
            yield pair[1].decode(), pair.get(2, b"")


def _fields(message):
    """Yield (number, int or bytes) of each field of a protocol-buffer message."""
    position = 0
    while position < len(message):
        key, position = _varint(message, position)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, position = _varint(message, position)
        else:
            length = {1: 8, 5: 4}.get(wire)
            if length is None:
                length, position = _varint(message, position)
            value, position = message[position : position + length], position + length
        yield number, value


def _varint(message, position):
    value = shift = 0
    while True:
        byte = message[position]
        value |= (byte & 0x7F) << shift
        position, shift = position + 1, shift + 7
        if byte < 0x80:
            return value, position


def _main():
    request = json.load(sys.stdin)
    library = Library(request["libraries"]["core"], request["libraries"]["operations"])
    session = Session(library, request["saved_model"])
    answer = session.run(request["signature"], request["inputs"])
    foreign = sorted({name.partition(".")[0] for name in sys.modules} & {"tensorflow", "keras", "numpy"})
    if foreign:
        raise RuntimeError(f"Python modules were imported: {foreign}.")
    print(json.dumps(answer))


if __name__ == "__main__":
    _main()
