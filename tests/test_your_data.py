"""docs/your-data.md, as a reader would follow it: its files written, its commands run, at the smallest size."""

import io
import re
import shlex
import sys
from pathlib import Path

import pytest

from keras_transformers.cli import main

PAGE = (Path(__file__).parent.parent / "docs" / "your-data.md").read_text(encoding="utf-8")
FILE = re.compile(r"```(\w+) (\S+/)?(\S+)\n(.*?)```", re.S)
SECTION = re.compile(r"^## (.+)\n((?:(?!^## ).*\n)*)", re.M)
BERT = {
    "model.dim": 16,
    "model.encoder.layers": 1,
    "model.encoder.block.attention.heads": 2,
    "model.encoder.block.feed_forward.hidden_dim": 29,
    "tokenizer.vocab_size": 120,
    "training.epochs": 1,
}
TRANSFORMER = {
    "model.dim": 16,
    "model.encoder.layers": 1,
    "model.decoder.layers": 1,
    "model.encoder.block.attention.heads": 2,
    "model.decoder.block.attention.heads": 2,
    "model.decoder.block.cross_attention.heads": 2,
    "model.encoder.block.feed_forward.hidden_dim": 29,
    "model.decoder.block.feed_forward.hidden_dim": 29,
    "tokenizer.vocab_size": 40,
    "training.epochs": 1,
}
LANGUAGE_MODEL = {
    "model.dim": 16,
    "model.decoder.layers": 1,
    "model.decoder.block.attention.heads": 2,
    "model.decoder.block.feed_forward.hidden_dim": 29,
    "tokenizer.vocab_size": 320,
    "training.epochs": 1,
}
SIZES = {"A text for a text": TRANSFORMER, "How a text goes on": LANGUAGE_MODEL}
SECTIONS = [(name, body) for name, body in SECTION.findall(PAGE) if "```sh" in body]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with all files of the page; validation and test text are the training text again."""
    folder = tmp_path_factory.mktemp("your-data")
    for _, place, name, content in FILE.findall(PAGE):
        names = [name.replace("train", split) for split in ("train", "valid", "test")] if place else [name]
        (folder / place).mkdir(exist_ok=True)
        for each in names:
            (folder / place / each).write_text(content, encoding="utf-8")
    return folder


def commands(body):
    """Return the (input, arguments) of each command in a section."""
    lines = "".join(re.findall(r"```sh\n(.*?)```", body, re.S)).splitlines()
    for line in lines:
        said, _, command = line.rpartition(" | ")
        words = shlex.split(command)
        assert words[0] == "keras-transformers"
        yield "".join(shlex.split(said)[1:]).replace("\\t", "\t").replace("\\n", ""), words[1:]


def test_every_task_has_a_section():
    import keras_transformers as kt

    said = set(re.findall(r"task: (?:\{type: )?(\w+)", PAGE))
    assert said | {"translation"} == {name for name in kt.names("task") if "/" not in name}


@pytest.mark.long
@pytest.mark.parametrize(("section", "body"), SECTIONS, ids=[name for name, _ in SECTIONS])
def test_commands_of_the_page(section, body, folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    for said, words in commands(body):
        if words[0] == "train":
            for key, value in SIZES.get(section, BERT).items():
                words += ["--set", f"{key}={value}"]
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(f"{said}\n".encode())))
        status = main(words)
        captured = capsys.readouterr()
        assert status == 0, captured.err
        if words[0] == "predict":
            assert captured.out.count("\n") == 1


@pytest.mark.long
def test_python_of_the_page(folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.S)
    exec(compile(code, "your-data.md", "exec"), {})
    assert re.fullmatch(r"\[b'(good|bad)'\]\n", capsys.readouterr().out)
