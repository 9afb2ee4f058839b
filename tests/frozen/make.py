"""Makes the artefacts of this folder: what the first version wrote, and later versions must go on reading.

They were made with commit fbacc8f and are not made anew: a change of what is written needs new ones beside them.

    git worktree add /tmp/first fbacc8f && PYTHONPATH=/tmp/first python tests/frozen/make.py

An archive holds a run (or a SavedModel, or files of Keras's) without what no test needs; `expected.json` holds what
that version said to the lines and arrays in it. The text that runs read is in text/, which recipes call /text.
"""

import gzip
import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
TEXT = HERE / "text"
FRUIT, METAL = ["apple", "plum", "pear"], ["iron", "tin", "zinc"]
PLACES = ["Bern", "Chur", "Genf"]

DATES = {
    "model.dim": 16,
    "model.encoder.layers": 1,
    "model.decoder.layers": 1,
    "model.encoder.block.attention.heads": 2,
    "model.decoder.block.attention.heads": 2,
    "model.encoder.block.feed_forward.hidden_dim": 29,
    "model.decoder.block.feed_forward.hidden_dim": 29,
    "data.train.size": 2000,
    "data.valid.size": 23,
    "data.test.size": 31,
    "data.batch_tokens": 1024,
    "training.epochs": 3,
    "training.average_last": 2,
    "training.schedule": {"type": "warmup_cosine", "peak": 0.01, "warmup": 20},
    "task.metrics": [{"type": "chrf"}, {"type": "bleu", "tokenize": "char"}, {"type": "exact_match"}],
}
TALKING = {f"model.{side}.block.attention": {"type": "talking_heads", "heads": 2} for side in ("encoder", "decoder")}
ACME = {"model.encoder.block.attention": {"type": "acme/talking_heads", "heads": 2, "gain": 0.7}}
OWN = {
    "model.encoder.block": {
        "type": "sandwich",
        "attention": {"type": "rotary", "heads": 2},
        "feed_forward": {"type": "mlp", "hidden_dim": 29},
        "norm": {"type": "scale_norm", "scale": 3.0},
        "last": {"type": "scale_norm"},
    },
    "model.decoder.block.attention": {"type": "nearness", "heads": 2, "reach": 5},
    "data.train": {"type": "sums", "size": 1201},
    "data.valid": {"type": "sums", "size": 23, "first": 1201},
    "data.test": {"type": "sums", "size": 31, "first": 1301},
    "task.metrics": [{"type": "first_letter"}, {"type": "exact_match"}],
}
BERT = {
    "model.dim": 16,
    "model.dropout": 0.0,
    "model.encoder.layers": 1,
    "model.encoder.block.attention.heads": 2,
    "model.encoder.block.feed_forward.hidden_dim": 29,
    "model.position.max_length": 48,
    "tokenizer.vocab_size": 89,
    "training.precision": "float32",
    "training.epochs": 8,
    "training.schedule": {"type": "constant", "rate": 0.02},
    "data.root": "text",
    "data.max_length": 48,
    "data.batch_tokens": 256,
}
PAIRS = {"type": "table", "path": "pairs.tsv", "text": "one", "second": "two", "label": "alike"}
SENTENCES = ["there is some plum here", "", "there is no tin there", "zinc " * 60, "Anna saw Bern"]
TWO = ["some plum\tno pear", "there is no tin\tthere is much apple"]


def splits(**source):
    """Return the overrides that read one file for all three splits."""
    return {f"data.{split}": source for split in ("train", "valid", "test")}


RUNS = {
    "dates": ("dates", DATES, ["3 May 2021", "", "le 4 juin 1999", "☃", "Dienstag, 5. März 2024"], ()),
    "talking": ("dates", {**DATES, **TALKING}, ["3 May 2021", "le 4 juin 1999"], ["talking_heads.py"]),
    "acme": ("dates", {**DATES, **ACME}, ["3 May 2021", "le 4 juin 1999"], ()),
    "own": ("dates", {**DATES, **OWN}, ["3+4", "12+30", "0+0"], ["own_parts.py"]),
    "classification": (
        "trec",
        {**BERT, **splits(type="labelled_lines", path="labelled.txt")},
        SENTENCES,
        (),
    ),
    "regression": ("trec", {**BERT, **splits(**PAIRS), "task": {"type": "regression"}}, TWO, ()),
    "tagging": (
        "wnut17",
        {**BERT, **splits(type="conll", path="tagged.conll"), "task.length": 48},
        ["Anna saw Bern", "", "Bern and Chur saw Eva , Anna and tin"],
        (),
    ),
    "question_answering": (
        "squad",
        {
            **BERT,
            **splits(type="squad", path="squad.json"),
            "task": {"type": "question_answering", "length": 40, "stride": 11, "max_question": 9, "n_best": 3},
        },
        ["who saw Bern ?\tAnna saw Bern and Eva saw Chur", "what ?\t", "who saw tin ?\t" + "Eva saw tin . " * 20],
        (),
    ),
    "sentence_embedding": (
        "trec",
        {**BERT, **splits(**PAIRS), "task": {"type": "sentence_embedding"}},
        ["some plum", "", "there is no tin"],
        (),
    ),
    "masked_lm": (
        "pretrain_pydocs",
        {**BERT, **splits(type="documents", paths=["documents.txt"]), "task": {"type": "masked_lm", "length": 40}},
        ["there is [MASK] plum here", "[MASK]", "no mask"],
        (),
    ),
}


def write_text():
    """Write the text that runs read: what is said of fruit, metal, people and places."""
    draw = random.Random(7)

    def sentence(words):
        return f"there is {draw.choice(['some', 'no', 'much'])} {draw.choice(words)} {draw.choice(['here', 'there'])}"

    kinds = {"fruit": FRUIT, "metal": METAL}
    labels = [draw.choice(list(kinds)) for _ in range(151)]
    lines = {"labelled.txt": [f"{label} {sentence(kinds[label])}" for label in labels]}
    rows = []
    for _ in range(89):
        one, two = draw.choice([FRUIT, METAL]), draw.choice([FRUIT, METAL])
        rows.append(f"{sentence(one)}\t{sentence(two)}\t{4.0 if one is two else draw.choice([0.5, 1.0])}")
    lines["pairs.tsv"] = ["one\ttwo\talike", *rows]
    lines["tagged.conll"], questions = [], []
    for number in range(79):
        who, where = draw.choice(["Anna", "Eva", "Mia"]), draw.choice([*PLACES, "La Chaux"])
        tags = [f"{head}-LOC" for head in ("B", "I")]
        place = [f"{word}\t{tag}" for word, tag in zip(where.split(), tags)]
        lines["tagged.conll"] += [f"{who}\tB-PER", "saw\tO", *place, ""]
        context = f"{who} saw {where} and {draw.choice(METAL)}"
        answers = [] if number % 5 == 3 else [{"text": who, "answer_start": 0}]
        question = f"who saw {where if answers else 'apple'} ?"
        entry = {"id": f"q{number}", "question": question, "answers": answers, "is_impossible": not answers}
        questions.append({"context": context, "qas": [entry]})
    lines["documents.txt"] = []
    for _ in range(31):
        words = draw.choice([FRUIT, METAL])
        lines["documents.txt"] += [*(sentence(words) for _ in range(draw.randint(2, 6))), ""]
    TEXT.mkdir(exist_ok=True)
    for name, content in lines.items():
        (TEXT / name).write_text("".join(f"{line}\n" for line in content))
    squad = {"version": "v2.0", "data": [{"title": "sights", "paragraphs": questions}]}
    (TEXT / "squad.json").write_text(json.dumps(squad) + "\n")


def archive(folder, name, leave_out=()):
    """Write the folder as NAME.tar.gz, the same bytes for the same content, and no path of this machine in it."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path in sorted(folder.rglob("*")):
            relative = path.relative_to(folder)
            if relative.parts[0] in leave_out or not path.is_file():
                continue
            data = path.read_bytes().replace(b"root: " + str(TEXT).encode() + b"\n", b"root: /text\n")
            if str(HERE.parent.parent).encode() in data or str(folder.parent).encode() in data:
                raise SystemExit(f"{relative} of {name} names a path of this machine.")
            entry = tarfile.TarInfo(relative.as_posix())
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    (HERE / f"{name}.tar.gz").write_bytes(gzip.compress(content.getvalue(), mtime=0))


def plain(value):
    """Return nested values with arrays as lists and numbers of seven digits."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if hasattr(value, "numpy"):
        value = value.numpy()
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    return float(f"{value:.7g}") if isinstance(value, float) else value


def make_runs(scratch):
    """Train and archive every run, and return what it says."""
    import keras_transformers as kt

    expected = {}
    for name, (recipe, overrides, lines, plugins) in RUNS.items():
        run = kt.train(recipe, scratch / name, overrides, plugins=plugins)
        scores, answers = kt.evaluate(run), list(kt.predict(run, lines))
        expected[name] = plain({"plugins": list(plugins), "lines": lines, "evaluate": scores, "predict": answers})
        archive(run.path, name, leave_out=("checkpoints", "tensorboard"))
    for name in ("dates", "question_answering"):
        kt.export(scratch / name, scratch / f"saved_{name}")
        archive(scratch / f"saved_{name}", f"saved_{name}")
    return expected


def make_interrupted(scratch):
    """Train until a Ctrl-C in the middle of the second epoch, and archive the run with its checkpoint."""
    import keras_transformers as kt
    from keras_transformers.training.callbacks import Interruption

    original = Interruption.on_train_batch_end

    def on_train_batch_end(self, batch, logs=None):
        if int(self.model.optimizer.iterations) == 17:
            signal.raise_signal(signal.SIGINT)
        original(self, batch, logs)

    Interruption.on_train_batch_end = on_train_batch_end
    overrides = {**DATES, "data.train.size": 301}
    try:
        kt.train("dates", scratch / "interrupted", overrides)
        raise SystemExit("The training was not interrupted.")
    except kt.errors.TrainingInterrupted:
        archive(scratch / "interrupted", "interrupted", leave_out=("tensorboard",))
    finally:
        Interruption.on_train_batch_end = original


def make_models(scratch):
    """Save models made of layers, as plain Keras does, and return what they say to which inputs."""
    import keras
    import numpy as np

    import keras_transformers as kt
    from keras_transformers import layers

    folder = scratch / "models"
    folder.mkdir()
    keras.utils.set_random_seed(11)
    draw = np.random.default_rng(11)
    source, target = draw.integers(1, 23, (3, 7)), draw.integers(1, 23, (3, 5))
    source[1, 4:] = 0
    small = {
        "model.vocab_size": 23,
        "model.dim": 14,
        "model.encoder.layers": 2,
        "model.encoder.block.attention.heads": 2,
        "model.encoder.block.feed_forward.hidden_dim": 11,
    }
    decoder = {
        "model.encoder.block.norm_order": "pre",
        "model.decoder.layers": 2,
        "model.decoder.block.attention.heads": 2,
        "model.decoder.block.feed_forward.hidden_dim": 13,
        "model.decoder.block.cross_attention.heads": 7,
        "model.decoder.block.norm": {"type": "rms_norm"},
    }
    transformer = kt.build("transformer_tiny", {**small, **decoder})
    bert = kt.build("bert_tiny", {**small, "model.position.max_length": 19})

    ids = keras.Input((7,), dtype="int32", name="ids")
    x = layers.SinusoidalPosition()(layers.TokenEmbedding(23, 14)(ids), positions=np.arange(7))
    block = layers.EncoderBlock(layers.MultiHeadAttention(2), layers.FeedForward(17), norm_order="pre")
    x = layers.Encoder(block, 2)(x, mask=layers.padding_mask(ids))
    own = keras.Model(ids, keras.layers.Dense(3, activation="softmax")(layers.RMSNorm()(x)[:, 0]))

    segments = (np.arange(7) > 3).astype("int32") * np.ones((3, 1), "int32")
    inputs = {
        "transformer": {"source": source, "target": target},
        "bert": {"tokens": source, "segments": segments},
        "layers": {"ids": source},
    }
    expected = {}
    for name, model in {"transformer": transformer, "bert": bert, "layers": own}.items():
        model.save(folder / f"{name}.keras")
        arrays = {key: keras.ops.cast(value, "int32") for key, value in inputs[name].items()}
        outputs = model(arrays if len(arrays) > 1 else arrays["ids"])
        expected[name] = plain({"inputs": inputs[name], "outputs": outputs})
    bert.save_weights(folder / "bert.weights.h5")
    archive(folder, "models")
    return expected


def install_plugin(folder):
    """Put the frozen plugin package on the path, installed as pip does."""
    shutil.copytree(HERE / "plugin_package", folder / "source")
    options = ["--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "install", *options, "--target", folder / "site", folder / "source"]
    subprocess.run(command, check=True)
    sys.path.insert(0, str(folder / "site"))


def main():
    write_text()
    os.chdir(HERE)
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        install_plugin(scratch)
        import keras_transformers

        recipes = Path(keras_transformers.__file__).parent.parent / "recipes"
        archive(recipes, "recipes")
        expected = {"models": make_models(scratch), "runs": make_runs(scratch)}
        make_interrupted(scratch)
        (HERE / "expected.json").write_text(json.dumps(expected, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
