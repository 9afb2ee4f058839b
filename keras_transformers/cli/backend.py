"""Imports Keras for the command line: on TensorFlow, and without TensorFlow's chatter."""

import contextlib
import os
import re
import sys
import tempfile

from ..errors import KerasTransformersError

CHATTER = re.compile(
    rb"I\d{4} |WARNING: All log messages before absl::InitializeLog|To enable the following instr"
    rb"|E\d{4} .*failed call to cuInit"  # there is no GPU, which is no error
)


def import_keras():
    """Import Keras on the TensorFlow backend; of its messages only warnings and errors are shown."""
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
    if "keras" not in sys.modules:
        with _without_chatter():
            import keras

            if keras.backend.backend() == "tensorflow":
                import tensorflow as tf

                tf.config.list_logical_devices()  # looks for GPUs, and talks about it, now


def require_tensorflow():
    """Raise unless Keras, if it is imported, runs on TensorFlow, which only layers and models do without.

    Raises:
        KerasTransformersError: The user chose another backend.
    """
    keras = sys.modules.get("keras")
    backend = keras.backend.backend() if keras else "tensorflow"
    if backend != "tensorflow":
        raise KerasTransformersError(
            f"Training, evaluating, exporting and predicting need Keras on TensorFlow, but `KERAS_BACKEND` is "
            f"{backend}: unset it."
        )


@contextlib.contextmanager
def _without_chatter():
    """Hold back what C++ code writes to standard error, then write what is not chatter.

    TensorFlow's first lines come before its log level is read, so no variable silences them.
    """
    sys.stderr.flush()
    with tempfile.TemporaryFile() as held:
        standard_error = os.dup(2)
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(standard_error, 2)
            os.close(standard_error)
            held.seek(0)
            for line in held:
                if not CHATTER.match(line):
                    os.write(2, line)
