import numpy as np
import pytest
import tensorflow as tf
from close import NETWORK, ROUNDING, SUMS, assert_close

from keras_transformers.data.batches.encode_spans import question_windows
from keras_transformers.models.heads.tokens import NEVER
from keras_transformers.predictors.question_answerer import Limits, QuestionAnswerer

QUESTIONS = ["who", "", "a much longer question, which is cut", "where?"]
CONTEXTS = [
    "Käthe & José read «Über den Wolken» in 1,000 days; Käthe read it in 2.",
    "z",
    "one two three four five six seven eight nine ten eleven twelve",
    "",
]


@pytest.fixture(autouse=True)
def eagerly():
    """To trace a graph for each test takes longer than all of them; tests/tasks/test_token_tasks.py has graphs."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


class ByLetter:
    """A model whose logits are drawn for each id, whatever is around it."""

    def __init__(self, size, seed=0):
        self.start, self.end = np.random.default_rng(seed).normal(size=(2, size)).astype(np.float32)

    def __call__(self, inputs, training):
        first = tf.range(tf.shape(inputs["tokens"])[1]) == 0
        allowed = (inputs["segments"] == 1) | first
        tables = {"start": self.start, "end": self.end}
        return {name: tf.where(allowed, tf.gather(table, inputs["tokens"]), NEVER) for name, table in tables.items()}


def best(tokenizer, model, question, context, shape, max_answer):
    """Return logits and texts of all spans of whole words, best first, by going through them one by one."""
    ids, begins, ends = (one.to_list()[0] for one in tokenizer.tokenize_with_offsets(tf.constant([context])))
    _, _, _, windows = question_windows(
        tokenizer, tokenizer.tokenize(tf.constant([question])), tf.ragged.constant([ids], tf.int32), **shape
    )
    continues = [*(tokenizer.vocabulary[one].startswith("##") for one in ids), False]
    found = {}
    for start, size, first, end in zip(*(values.numpy() for values in windows[1:])):
        for i in range(first, end):
            for j in range(i, min(start + size, i + max_answer)):
                if continues[i] or continues[j + 1]:
                    continue
                text = context.encode()[begins[i] : ends[j]].decode()
                found[text] = max(model.start[ids[i]] + model.end[ids[j]], found.get(text, NEVER))
    return sorted(((logit, text) for text, logit in found.items()), reverse=True)


@pytest.fixture(scope="module")
def model(letters):
    return ByLetter(letters.size)


def answerer(letters, model, shape, **limits):
    limits = {"max_answer": 7, "n_best": 5, "null_threshold": None, **limits}
    return QuestionAnswerer(model, letters, shape, Limits(**limits))


def decoded(strings):
    return np.vectorize(bytes.decode, otypes=[object])(strings.numpy()).tolist()


@pytest.mark.parametrize("length", [13, 29, 101])
def test_the_best_spans_of_all_windows(letters, model, length):
    shape = {"length": length, "stride": 5, "max_question": 7}
    found = answerer(letters, model, shape)(tf.constant(QUESTIONS), tf.constant(CONTEXTS))
    for row, (question, context) in enumerate(zip(QUESTIONS, CONTEXTS)):
        spans = best(letters, model, question, context, shape, 7)
        said = [text for text in decoded(found["answers"][row]) if text]
        logit = {text: logit for logit, text in spans}  # spans may be equally good
        assert [logit[text] for text in said] == [logit for logit, _ in spans[: len(said)]]
        assert len(said) >= min(2, len(spans))  # the same text in two places counts once
        assert decoded(found["answer"])[row] == (said[0] if said else "")


def test_scores_are_a_distribution_over_the_best(letters, model):
    shape = {"length": 101, "stride": 5, "max_question": 7}
    found = answerer(letters, model, shape)(tf.constant(QUESTIONS), tf.constant(CONTEXTS))
    assert_close(tf.reduce_sum(found["scores"], axis=1), [1, 1, 1, 0], ROUNDING)
    np.testing.assert_array_equal(found["score"], found["scores"][:, 0])
    spans = best(letters, model, QUESTIONS[1], CONTEXTS[1], shape, 7)
    assert (len(spans), found["scores"][1].numpy().tolist()) == (1, [1, 0, 0, 0, 0])


def test_places_are_in_characters(letters, model):
    shape = {"length": 29, "stride": 5, "max_question": 7}
    found = answerer(letters, model, shape)(tf.constant(QUESTIONS), tf.constant(CONTEXTS))
    for answer, start, end, context in zip(decoded(found["answer"]), found["start"], found["end"], CONTEXTS):
        assert context[start:end] == answer if answer else (start, end) == (-1, -1)


@pytest.mark.parametrize(("margin", "silent"), [(-0.5, True), (0.5, False)])
def test_no_answer_above_the_threshold(letters, model, margin, silent):
    shape = {"length": 101, "stride": 5, "max_question": 7}
    context = "José lügt"  # no letter twice: no two spans are equally good
    null = model.start[letters.cls] + model.end[letters.cls]
    spans = best(letters, model, "who", context, shape, 7)
    excess = float(null - spans[0][0])
    found = answerer(letters, model, shape, null_threshold=excess + margin)(
        tf.constant(["who"]), tf.constant([context])
    )
    assert_close(found["no_answer"], [excess], SUMS)
    assert decoded(found["answer"]) == ["" if silent else spans[0][1]]
    assert int(found["start"][0]) == (-1 if silent else context.index(spans[0][1]))
    chance = {}
    for text, score in zip(decoded(found["answers"][0]), found["scores"][0].numpy()):
        chance.setdefault(text, score)  # after the two spans and no answer, "" fills up
    weights = {text: np.exp(logit) for logit, text in spans[:5]} | {"": np.exp(null)}
    assert chance[""] == pytest.approx(weights[""] / sum(weights.values()), rel=NETWORK)
    assert found["score"][0] == chance[decoded(found["answer"])[0]]


def test_nothing_in_nothing_out(letters, model):
    shape = {"length": 29, "stride": 5, "max_question": 7}
    found = answerer(letters, model, shape)(tf.constant([], tf.string), tf.constant([], tf.string))
    assert found["answers"].shape == found["scores"].shape == (0, 5)
    assert found["answer"].shape == found["no_answer"].shape == (0,)
