"""The task from a table of pairs to a SavedModel; the loss and what it refuses."""

import numpy as np
import pytest
import tensorflow as tf
from close import NETWORK, SUMS, assert_close

import keras_transformers as kt
from keras_transformers.data.examples import Labelled
from keras_transformers.errors import DataError
from keras_transformers.losses.cosine import CosineError
from keras_transformers.tasks.sentence_embedding import SentenceEmbedding, cosine

NEAR, FAR = ("red", "green", "blue"), ("one", "two", "three")


def table(path, count):
    """Write pairs: two colours or two numbers are alike (5), a colour and a number are not (0)."""
    rng, rows = np.random.default_rng(0), ["score\tfirst\tsecond"]
    for _ in range(count):
        kinds = [NEAR, FAR][int(rng.integers(2))], [NEAR, FAR][int(rng.integers(2))]
        words = (" ".join(rng.choice(kind, 3)) for kind in kinds)
        rows.append("\t".join(["5" if kinds[0] is kinds[1] else "0", *words]))
    path.write_text("\n".join(rows) + "\n")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pairs")
    table(folder / "train.tsv", 211)
    table(folder / "test.tsv", 47)
    source = {"type": "table", "label": "score", "text": "first", "second": "second"}
    overrides = {
        "model.dim": 26,
        "model.encoder.layers": 1,
        "model.encoder.block.feed_forward.hidden_dim": 29,
        "tokenizer.vocab_size": 61,
        "task": {"type": "sentence_embedding"},
        "data": {
            "root": str(folder),
            "batch_tokens": 256,
            "train": {**source, "path": "train.tsv"},
            "valid": {**source, "path": "test.tsv"},
            "test": {**source, "path": "test.tsv"},
        },
        "training": {
            "epochs": 2,
            "optimizer": {"type": "adam"},
            "schedule": {"type": "warmup_cosine", "peak": 0.01, "warmup": 5},
        },
    }
    return kt.train("bert_tiny", folder / "run", overrides)


def test_it_learns_and_tells(run):
    assert run.recipe.tree["task"]["lowest"] == 0.0
    assert run.recipe.tree["task"]["highest"] == 5.0
    scores = kt.evaluate(run)
    assert scores["spearman"] > 50
    assert scores["pairs"] == 47
    assert run.history[-1]["val_spearman"] > 50


def test_the_saved_model_gives_the_vectors_of_embed(run, tmp_path):
    texts = ["red green", "", "one two three"]
    found = list(kt.predict(kt.export(run, tmp_path / "exported"), texts))
    vectors = np.array([each["vector"] for each in found])
    assert_close(np.linalg.norm(vectors, axis=1), 1.0, SUMS)
    assert_close(vectors, kt.embed(run, texts), NETWORK)
    assert not any(each["truncated"] for each in found)


def test_the_loss_is_the_squared_error_of_the_cosine():
    first, second = np.random.default_rng(0).normal(size=(2, 7, 5)).astype("float32")
    labels = {"cosine": np.linspace(0, 1, 7, dtype="float32")}
    total, count = CosineError().totals(labels, {"first": tf.constant(first), "second": tf.constant(second)})
    wanted = (cosine(first, second) - labels["cosine"]) ** 2
    assert_close(total, wanted.sum(), SUMS)
    assert float(count) == 7


@pytest.mark.parametrize(
    ("labels", "seconds", "sentence"),
    [
        (["1", "x"], ["c", "d"], "t:2 must have a number for its label, but has `x`."),
        (["1", "1e300"], ["c", "d"], "t:2 must have a number for its label, but has `1e300`, too large for float32."),
        (["3", "3"], ["c", "d"], "`task.highest` must be above `task.lowest` (3), but is 3: the numbers of the "
         "training text tell nothing apart."),
        (["1", "2"], None, "`task/sentence_embedding` learns from pairs of texts: name the column of the second in the "
         "source."),
    ],
)  # fmt: skip
def test_examples_that_teach_nothing(labels, seconds, sentence):
    with pytest.raises(DataError) as raised:
        SentenceEmbedding().settle(Labelled(["a", "b"], labels, ["t:1", "t:2"], seconds))
    assert str(raised.value) == sentence
