import os
import re
import signal
import subprocess
import sys

import pytest

from keras_transformers.cli.chatter import chatter_kept
from keras_transformers.errors import DataError
from keras_transformers.runs.run import LOG

CHATTER = b"E0000 00:00:1795643782.069041 15424 a.cc:113] what no user can act on\n"


def test_chatter_goes_to_the_runs_log_and_python_to_the_screen(tmp_path, capfd):
    (tmp_path / LOG).write_bytes(b"of an earlier training\n")
    with chatter_kept() as keep_in:
        os.write(2, CHATTER)
        keep_in(tmp_path)
        os.write(2, b"more\n")
        print("ours", file=sys.stderr)
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "ours\nafter\n"
    assert (tmp_path / LOG).read_bytes() == b"of an earlier training\n" + CHATTER + b"more\n"


def test_a_log_of_nothing_is_none(tmp_path, capfd):
    with chatter_kept() as keep_in:
        keep_in(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("error", "shown"), [(DataError("no"), ""), (ZeroDivisionError("a bug"), CHATTER.decode())])
def test_chatter_is_shown_where_it_may_explain_a_bug(capfd, error, shown):
    def work():
        with chatter_kept():
            os.write(2, CHATTER)
            raise error

    with pytest.raises(type(error)):
        work()
    assert capfd.readouterr().err == shown


def test_without_standard_error():
    code = (
        "import os; os.close(2); from keras_transformers.cli.chatter import chatter_kept\n"
        "with chatter_kept() as keep_in: keep_in('nowhere'); print('done')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "done\n")


STOP = f"""
import os, signal, warnings
from keras_transformers.training.callbacks import Interruption

def on_train_batch_end(self, batch, logs=None):
    if batch == 2:
        os.write(2, {CHATTER!r})
        warnings.warn("what Python says is seen")
        signal.raise_signal(signal.SIGINT)
    plain(self, batch, logs)

plain, Interruption.on_train_batch_end = Interruption.on_train_batch_end, on_train_batch_end
"""


def test_training_interrupted_shows_nothing_but_what_is_ours(tmp_path, quick):
    (tmp_path / "stop.py").write_text(STOP)
    sets = [word for key, value in quick.items() for word in ("--set", f"{key}={'null' if value is None else value}")]
    command = [sys.executable, "-m", "keras_transformers", "train", "dates", "--run", "run", "--plugin", "stop.py"]
    environment = {key: value for key, value in os.environ.items() if key != "TF_CPP_MIN_LOG_LEVEL"}
    done = subprocess.run([*command, *sets], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 128 + signal.SIGINT
    told, *warning, last = done.stderr.splitlines()
    assert re.fullmatch(
        r"dates: [\d,]+ parameters, 300 pairs, [\d,]+ tokens an epoch in \d+ batches, float32 → run", told
    )
    assert "UserWarning: what Python says is seen" in "\n".join(warning)
    assert len(warning) == 2  # and the line of code
    assert last == (
        "Interrupted in epoch 1; the checkpoint is kept. Go on with: "
        "keras-transformers train run/recipe.yaml --run run --resume --plugin stop.py"
    )
    assert (tmp_path / "run" / LOG).read_bytes().count(CHATTER) == 1
    assert b"generator_dataset" not in (tmp_path / "run" / LOG).read_bytes()
