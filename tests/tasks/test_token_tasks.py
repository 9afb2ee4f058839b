"""Tagging and question answering with a real encoder: heads, gradients, and the SavedModel."""

import numpy as np
import pytest
import tensorflow as tf
from close import NETWORK, assert_close

import keras_transformers as kt
from keras_transformers.api.export import write
from keras_transformers.data import Questions, Tagged
from keras_transformers.data.examples import Answer
from keras_transformers.errors import RecipeError
from keras_transformers.tasks.question_answering import QuestionAnswering
from keras_transformers.tasks.tagging import Tagging

SMALL = {
    "model.dim": 14,
    "model.encoder.layers": 1,
    "model.encoder.block.attention.heads": 2,
    "model.encoder.block.feed_forward.hidden_dim": 11,
    "model.position.max_length": 37,
}
CONTEXT = "Käthe & José read 1,000 pages, and then read them again."
TASKS = {
    "tagging": (
        Tagging(labels=["O", "B-x", "I-x"], length=17),
        Tagged([CONTEXT.split(), ["a"]], [["B-x", "O", "I-x"] + ["O"] * 8, ["O"]], ["a:1", "a:13"]),
        [CONTEXT, "", "a b"],
    ),
    "question_answering": (
        QuestionAnswering(length=31, stride=11, max_question=5, n_best=3, null_answers=True),
        Questions(["a", "b"], ["who?", "what"], [CONTEXT] * 2, [[Answer("José", 8)], []]),
        ["who?\t" + CONTEXT, "\t", "what\t" + CONTEXT],
    ),
}


def build(name, letters, **overrides):
    task = TASKS[name][0]
    objects = ("metrics", "metric", "own_loss")
    spec = {"type": name, **{key: value for key, value in vars(task).items() if key not in objects}}
    return kt.build("bert_tiny", {**SMALL, "model.vocab_size": letters.size, "task": {**spec, **overrides}})


@pytest.fixture(scope="module", params=TASKS)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def model(name, letters):
    return build(name, letters)


def test_all_that_is_trained_has_a_gradient(name, model, letters):
    task, examples, _ = TASKS[name]
    encoded, _ = task.encode(examples, letters, 64, 31, 0, "data.train")
    loss = task.loss()
    for inputs, labels in encoded.dataset():
        with tf.GradientTape() as tape:
            total, count = loss.totals(labels, model(inputs, training=False))
        gradients = tape.gradient(total, model.trainable_weights)
        assert float(total) / float(count) > 0.5
        assert [weight.path for weight, gradient in zip(model.trainable_weights, gradients) if gradient is None] == []
        assert {key: float(weight) for key, (_, weight) in loss.measures(labels, model(inputs)).items()} == {
            "tag_accuracy" if name == "tagging" else "span_accuracy": float(count)
        }
    assert not any("pooler" in weight.path for weight in model.trainable_weights)


def test_padding_changes_nothing(name, model, letters):
    tokens = np.array([[letters.cls, 7, letters.sep, 8, 9, letters.sep]], np.int32)
    segments = np.array([[0, 0, 0, 1, 1, 1]], np.int32)
    padded = {"tokens": np.pad(tokens, [(0, 0), (0, 5)]), "segments": np.pad(segments, [(0, 0), (0, 5)])}
    short, long = model({"tokens": tokens, "segments": segments}), model(padded)
    for ours, theirs in zip(tf.nest.flatten(short), tf.nest.flatten(long)):
        ours, theirs = ours.numpy(), theirs.numpy()[:, :6]
        possible = ours > -1e8  # in the question no answer begins
        assert_close(ours[possible], theirs[possible], NETWORK)
    if name == "question_answering":
        assert (long["start"].numpy()[0] > -1e8).tolist() == [True] + [False] * 2 + [True] * 3 + [False] * 5


def test_the_saved_model_answers_as_the_run_does(name, model, letters, tmp_path):
    task, _, lines = TASKS[name]
    serving = task.serving(model, letters)
    write(serving, tmp_path / "saved")
    signature = tf.saved_model.load(str(tmp_path / "saved")).signatures["serving_default"]
    names = [spec.name for spec in serving.__call__.input_signature]
    columns = [tf.constant(column) for column in zip(*(line.split("\t") for line in lines))]
    ours, theirs = serving(*columns), signature(**dict(zip(names, columns)))
    assert set(ours) == set(theirs)
    assert task.answer in ours
    for key, values in ours.items():
        assert values.shape[0] == len(lines)
        if values.dtype == tf.string:
            assert values.numpy().tolist() == theirs[key].numpy().tolist()
        else:
            assert_close(values, theirs[key], NETWORK)


def test_a_model_of_fewer_positions(name, letters):
    with pytest.raises(RecipeError, match=r"`length` must be at most `model.position.max_length` \(37\), but is 41\."):
        build(name, letters, length=41)
    task = type(TASKS[name][0])(length=41, **({"labels": ["a", "b"]} if name == "tagging" else {"max_question": 5}))
    with pytest.raises(RecipeError, match=r"`task.length` must be at most the number of positions \(37\), but is 41\."):
        task.model(kt.build("bert_tiny", {**SMALL, "model.vocab_size": letters.size}))
