"""Parts put together at random: what `validate` lets pass builds and trains."""

import json
import random
from pathlib import Path

import pytest

import keras_transformers as kt
from keras_transformers.errors import RecipeError

TRIALS, LEAST = 240, 60
ONE_SIDE = ("characters", "sentencepiece", "wordpiece")
DIM = (16, 16, 16, 16, 16, 18, 15)
NUMBERS = range(7)
TEXT = [f"{number} {word} of the {place}" for number in NUMBERS for word in ("top", "end") for place in ("sea", "hill")]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A folder with a small file of each kind, named as the sources below name them."""
    folder = tmp_path_factory.mktemp("crosswise")
    second = TEXT[::-1]
    write = {
        "pairs.tsv": "".join(f"{text}\t{text.upper()}\n" for text in TEXT),
        "lines.txt": "".join(f"{number % 3} {text}\n" for number, text in enumerate(TEXT)),
        "table.tsv": "label\ttext\tsecond\n"
        + "".join(f"{number % 3}\t{text}\t{second[number]}\n" for number, text in enumerate(TEXT)),
        "rows.json": "".join(
            json.dumps({"label": str(number % 3), "text": text, "second": second[number]}) + "\n"
            for number, text in enumerate(TEXT)
        ),
        "tagged.conll": "".join(
            "".join(f"{word} {'B-x' if word.isdigit() else 'O'}\n" for word in text.split()) + "\n" for text in TEXT
        ),
        "documents.txt": "\n\n".join("\n".join(TEXT[first : first + 4]) for first in range(0, len(TEXT), 4)),
        "squad.json": json.dumps({
            "version": "1.1",
            "data": [{"title": "t", "paragraphs": [
                {"context": text, "qas": [{"id": str(number), "question": "which number?",
                                           "answers": [{"text": text[0], "answer_start": 0}]}]}
                for number, text in enumerate(TEXT)
            ]}],
        }),
    }  # fmt: skip
    for name, content in write.items():
        (folder / name).write_text(content, encoding="utf-8")
    return folder


def sources(draw):
    """Return what may be read: not `dates`, whose letters need a larger vocabulary than the other texts support."""
    second = draw.choice([None, "second"])
    return [
        {"type": "parallel_text", "source": "pairs.tsv"},
        {"type": "labelled_lines", "path": "lines.txt"},
        {"type": "table", "path": "table.tsv", "second": second},
        {"type": "json_lines", "path": "rows.json", "second": second},
        {"type": "conll", "path": "tagged.conll"},
        {"type": "documents", "paths": ["documents.txt"]},
        {"type": "squad", "path": "squad.json"},
    ]


def block(draw, decoder=False):
    """Return a block of an encoder, of a decoder, or (None) of a decoder without an encoder."""
    attention = {"type": draw.choice(kt.names("attention")), "heads": draw.choice([1, 1, 2, 2, 2, 4, 3]),
                 "head_dim": draw.choice([None, None, 5])}  # fmt: skip
    found = {
        "attention": attention,
        "feed_forward": {"type": draw.choice(kt.names("feed_forward")), "hidden_dim": 13},
        "norm": draw.choice([None, *kt.names("norm")]),
        "norm_order": draw.choice(["pre", "post"]),
        "dropout": draw.choice([0.0, 0.1]),
    }
    kind = "encoder_block" if decoder is False else "decoder_block"
    if decoder is None:
        found["cross_attention"] = None
    return {"type": draw.choice(kt.names(kind)), **found}


def model(draw, kind):
    position = draw.choice([None, "sinusoidal", {"type": "learned", "max_length": draw.choice([17, 64, 64, 64])}])
    found = {
        "type": kind, "dim": draw.choice(DIM),
        "initialization": draw.choice([*["random"] * 3, *kt.names("initialization")]),
        "position": position, "embedding": draw.choice(kt.names("embedding")),
        "encoder": {"layers": draw.choice([1, 2]), "block": block(draw)},
    }  # fmt: skip
    if kind == "language_model":
        del found["encoder"]
        own = {"tie": draw.choice([True, False]), "within_documents": draw.choice([True, False])}
        return {**found, **own, "decoder": {"layers": draw.choice([1, 2]), "block": block(draw, decoder=None)}}
    if kind == "transformer":
        own = {"tie": draw.choice(["all", "target", "none"]), "output_bias": draw.choice([True, False]),
               "start": draw.choice([2, 3, 0])}  # fmt: skip
        return {**found, **own, "decoder": {"layers": 1, "block": block(draw, decoder=True)}}
    return {**found, "segments": draw.choice([1, 2, 2, 2, 2, 2])}


def tokenizer(draw, kind):
    if kind == "sides":
        return {"type": kind, **{side: tokenizer(draw, draw.choice(ONE_SIDE)) for side in ("source", "target")}}
    found = {"type": kind, "vocab_size": draw.choice([47, 61])}
    if kind == "sentencepiece":
        found |= {"model_type": draw.choice(["unigram", "bpe"]), "sample": draw.choice([None, {"alpha": 0.2}])}
    return found


def task(draw, name):
    parameters = kt.describe("task", name).parameters
    found = {"type": name}
    if "length" in parameters:
        found["length"] = draw.choice([16, 32])
    if "max_question" in parameters:
        found["max_question"] = draw.choice([3, 3, 31])
    if "pair" in parameters:
        found["pair"] = draw.choice([None, None, True])
    if "metrics" in parameters and draw.random() < 0.5:
        gives = set(kt.describe("task", name).facts["gives"])
        fits = [one for one in kt.names("metric") if gives & set(kt.describe("metric", one).facts["scores"])]
        found["metrics"] = [draw.choice(fits if fits and draw.random() < 0.9 else kt.names("metric"))]
    if "loss" in parameters and draw.random() < 0.2:
        found["loss"] = draw.choice(kt.names("loss"))
    if "search" in parameters:
        found["search"] = draw.choice(kt.names("search"))
    return found


def fitting(draw, candidates, fits):
    """Return one of the candidates, mostly one that fits: else nearly all would be refused."""
    chosen = [one for one in candidates if fits(one)] if draw.random() < 0.95 else []
    return draw.choice(chosen or candidates)


def recipe(draw, files):
    name = draw.choice(kt.names("task"))
    facts = kt.describe("task", name).facts
    source = fitting(
        draw, sources(draw), lambda one: set(kt.describe("source", one["type"]).facts["gives"]) & set(facts["reads"])
    )
    needs = [need.constraint for need in kt.describe("task", name).needs if need.path == "tokenizer"]
    kind_of_text = fitting(
        draw, kt.names("tokenizer"),
        lambda one: all(set(need.values) <= set(kt.describe("tokenizer", one).facts["gives"]) for need in needs),
    )  # fmt: skip
    own = {"translation": "transformer", "language_model": "language_model"}
    kind = fitting(draw, kt.names("model"), lambda one: one == own.get(name, "bert"))
    return {
        "model": model(draw, kind),
        "tokenizer": tokenizer(draw, kind_of_text),
        "data": {"root": str(files), "train": source, "max_length": draw.choice([24, 32, 32, 32]),
                 "batch_tokens": draw.choice([31, 512, 512, 512, 512, 512, 512])},
        "task": task(draw, name),
        "training": {
            "epochs": 1,
            "precision": "float32",
            "optimizer": draw.choice(kt.names("optimizer")),
            "schedule": draw.choice([
                "noam", {"type": "constant", "rate": 0.01}, {"type": "warmup_linear", "peak": 0.01},
                {"type": "warmup_cosine", "peak": 0.01, "warmup": 3},
            ]),
            "freeze": draw.choice([None, None, None, 0, 1, 2]),
            "layer_decay": draw.choice([None, None, 0.9]),
            "adaptations": draw.choice([None, None, [{"type": "freeze", "blocks": 0}]]),
        },
    }  # fmt: skip


@pytest.mark.long
def test_what_is_valid_builds_and_trains(files, tmp_path: Path):
    draw = random.Random(0)
    trained, failed = 0, []
    for number in range(TRIALS):
        tree = recipe(draw, files)
        try:
            kt.load_recipe(tree)
        except RecipeError:
            continue
        try:
            kt.train(tree, tmp_path / str(number))
            trained += 1
        except Exception as error:
            failed.append(f"{number}: {type(error).__name__}: {error}\n{json.dumps(tree)}")
    assert failed == []
    assert trained >= LEAST
