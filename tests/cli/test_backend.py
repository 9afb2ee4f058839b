import os
import subprocess
import sys
import types

import pytest

from keras_transformers.cli import backend
from keras_transformers.errors import KerasTransformersError


def test_importing_keras_is_quiet():
    code = "import keras_transformers.cli.backend as b; b.import_keras(); import keras; print(keras.backend.backend())"
    environment = {key: value for key, value in os.environ.items() if key != "KERAS_BACKEND"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment)
    assert (done.returncode, done.stdout, done.stderr) == (0, "tensorflow\n", "")


def test_warnings_are_shown(capfd):
    with backend._without_chatter():
        os.write(2, b"I0000 00:00 a.cc:1] chatter\nW0000 00:00 b.cc:2] warning\n")
    assert capfd.readouterr().err == "W0000 00:00 b.cc:2] warning\n"


def test_another_backend_is_refused(monkeypatch):
    keras = types.SimpleNamespace(backend=types.SimpleNamespace(backend=lambda: "jax"))
    monkeypatch.setitem(sys.modules, "keras", keras)
    with pytest.raises(KerasTransformersError, match="`KERAS_BACKEND` is jax: unset it"):
        backend.require_tensorflow()
