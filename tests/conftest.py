"""What all tests share: which of them run, and one tiny training for those that need a trained run."""

import gc
import inspect
import os
import shutil
import signal
import string
import subprocess
import sys
from pathlib import Path

import close
import pytest

TINY = {
    "model.dim": 16,
    "model.encoder.layers": 1,
    "model.decoder.layers": 1,
    "model.encoder.block.attention.heads": 2,
    "model.decoder.block.attention.heads": 2,
    "model.encoder.block.feed_forward.hidden_dim": 29,
    "model.decoder.block.feed_forward.hidden_dim": 29,
    "data.train.size": 300,
    "data.valid.size": 23,
    "data.test.size": 31,
    "data.batch_tokens": 1024,
    "training.precision": "float32",  # on any machine the same weights
    "training.epochs": 2,
    "training.average_last": 2,
    "training.schedule.warmup": 10,
}
"""The recipe `dates`, made so small that training it takes seconds."""


QUICK = ("registry", "recipe", "metrics", "cli/test_cli.py", "test_errors.py", "test_files.py", "test_package.py")
"""What `--quick` runs: the parts that need no training, nor much of TensorFlow."""


LIMITED = "AVX2" in os.environ.get("ONEDNN_MAX_CPU_ISA", "").upper()


def is_of_bfloat16(item):
    """Tell whether a test multiplies in bfloat16: TensorFlow asks the processor for it, not oneDNN, and crashes."""
    checks = getattr(item, "callspec", None) and item.callspec.params.get("check", "")
    return "bfloat16" in inspect.getsource(item.function) or str(checks).startswith(("precision", "dtype"))


def pytest_addoption(parser):
    parser.addoption("--quick", action="store_true", help="only the tests that take seconds")
    parser.addoption("--long", action="store_true", help="also tests marked `long`; missing packages fail")


@pytest.hookimpl(tryfirst=True)  # before pytest looks at `-m`
def pytest_collection_modifyitems(config, items):
    tolerances = {name for name in vars(close) if name.isupper()}
    for item in items:
        if tolerances & set(vars(item.module)):
            item.add_marker(pytest.mark.numeric)
        if LIMITED and is_of_bfloat16(item):
            item.add_marker(pytest.mark.skip(reason="where oneDNN is limited, TensorFlow's bfloat16 ends the process"))
    here = Path(__file__).parent

    def wanted(item):
        place = item.path.relative_to(here).as_posix()
        quick = place.startswith(QUICK) or not config.getoption("--quick")
        return quick and (config.getoption("--long") or item.get_closest_marker("long") is None)

    kept = [item for item in items if wanted(item)]
    config.hook.pytest_deselected(items=[item for item in items if not wanted(item)])
    items[:] = kept


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Under `--long`, what is skipped for want of a package that pip installs has failed."""
    report = yield
    if report.skipped and item.config.getoption("--long") and "pip install" in str(report.longrepr):
        report.outcome, report.longrepr = "failed", f"Skipped for want of a package: {report.longrepr[-1]}"
    return report


@pytest.fixture(scope="module", autouse=True)
def _graphs_are_swept_once():
    """After each module, leave what is still there out of later garbage collections.

    TensorFlow keeps the graphs of functions that are gone, some 18,000 objects each; Keras collects garbage often, and
    each time would look through those of all tests before.
    """
    yield
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def tiny():
    """Overrides of the recipe `dates` that make it tiny."""
    return dict(TINY)


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """A finished run of the tiny recipe; tests do not write into it."""
    from keras_transformers.api.train import train

    return train("dates", tmp_path_factory.mktemp("trained") / "run", TINY)


@pytest.fixture(scope="session")
def bert_run(tmp_path_factory):
    """A finished run of a tiny BERT with random weights; tests do not write into it."""
    from bert_run import write_bert_run

    return write_bert_run(tmp_path_factory.mktemp("bert") / "run")


@pytest.fixture(scope="session")
def quick(tiny):
    """The same without validation, which takes as long as the training."""
    return {**tiny, "data.valid": None}


@pytest.fixture(scope="session")
def letters(tmp_path_factory):
    """A `WordPiece` for which each letter, digit and sign is a piece."""
    from keras_transformers.text.wordpiece import FILE, WordPiece

    folder = tmp_path_factory.mktemp("letters")
    signs = string.ascii_lowercase + string.digits + string.punctuation + "éßñ"
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *signs, *(f"##{sign}" for sign in signs)]
    (folder / FILE).write_text("".join(f"{piece}\n" for piece in pieces), encoding="utf-8")
    tokenizer = WordPiece(1000)
    tokenizer.load(folder)
    return tokenizer


@pytest.fixture(scope="session")
def environment(tmp_path_factory):
    """The environment of a process that sees tests/plugin_package, pip-installed into a scratch folder."""
    from keras_transformers.registry import resources

    package = Path(__file__).parent / "plugin_package"
    folder = tmp_path_factory.mktemp("plugin")
    shutil.copytree(package, folder / "source", ignore=shutil.ignore_patterns("__pycache__", "build", "*.egg-info"))
    options = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "install", *options, "--target", folder / "site", folder / "source"]
    subprocess.run(command, check=True)
    path = [folder / "site", resources.PACKAGE.parent, os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(str(one) for one in path if str(one))}


@pytest.fixture
def interrupt_at(monkeypatch):
    """Return a function that makes the next training get a Ctrl-C during update number `step`."""
    from keras_transformers.training.callbacks import Interruption

    original = Interruption.on_train_batch_end

    def arrange(step, number=signal.SIGINT):
        def on_train_batch_end(self, batch, logs=None):
            if int(self.model.optimizer.iterations) == step:
                signal.raise_signal(number)
            original(self, batch, logs)

        monkeypatch.setattr(Interruption, "on_train_batch_end", on_train_batch_end)

    return arrange
