import os
import subprocess
import sys

from keras_transformers import backend


def test_importing_keras_is_quiet():
    code = "import keras_transformers.backend as b; b.import_keras(); import keras; print(keras.backend.backend())"
    environment = {key: value for key, value in os.environ.items() if key != "KERAS_BACKEND"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "tensorflow\n", "")


def test_warnings_are_shown(capfd):
    with backend._without_chatter():
        os.write(2, b"I0000 00:00 a.cc:1] chatter\nW0000 00:00 b.cc:2] warning\n")
    assert capfd.readouterr().err == "W0000 00:00 b.cc:2] warning\n"
