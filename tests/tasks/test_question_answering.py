import numpy as np
import pytest
import tensorflow as tf

from keras_transformers.data.batches.encode_spans import encode_questions
from keras_transformers.data.examples import Answer, Questions
from keras_transformers.errors import DataError, RecipeError
from keras_transformers.tasks.question_answering import QuestionAnswering

SHAPE = {"length": 29, "stride": 5, "max_question": 7}
CONTEXT = "Käthe & José read 1,000 pages."


def questions(*answers, context=CONTEXT):
    found = [[Answer(text, start) for text, start in right] for right in answers]
    return Questions([f"q{i}" for i in range(len(found))], ["who?"] * len(found), [context] * len(found), found)


def at(text, context=CONTEXT):
    return text, context.index(text)


def said(encoded, tokenizer):
    """Return what the labels of each window mark."""
    tokens = encoded.inputs["tokens"]
    rows = [tokens.flat[a:b] for a, b in zip(tokens.starts, tokens.starts[1:])]
    spans = zip(rows, encoded.labels["start"], encoded.labels["end"])
    marked = tf.ragged.constant([row[a : b + 1].tolist() for row, a, b in spans], tf.int32)
    return [text.decode() for text in tokenizer.detokenize(marked).numpy()]


def test_labels_mark_the_answer_in_each_window_that_shows_all_of_it(letters):
    asked = questions([at("José")], [at("1,000")], [])
    encoded, notes = encode_questions(asked, letters, SHAPE, 64, 0, "data.train")
    # 25 pieces of context by windows of 29 − 3 − 4 = 22 pieces: two for each question.
    assert said(encoded, letters) == ["jose", "jose", "1 , 000", "1 , 000", "", ""]
    assert notes == [
        "data.train: 3 of 3 questions and contexts are longer than 29 tokens and are read in windows that overlap, "
        "2 at most."
    ]


def test_an_answer_that_a_window_cuts_is_not_in_it(letters):
    encoded, _ = encode_questions(questions([at("Käthe")]), letters, SHAPE, 64, 0, "data.train")
    assert said(encoded, letters) == ["kathe", ""]
    assert encoded.labels["start"].dtype == np.int32


def test_part_of_a_word_is_its_pieces(letters):
    encoded, _ = encode_questions(questions([at("osé")]), letters, {**SHAPE, "length": 41}, 64, 0, "data.train")
    assert said(encoded, letters) == ["ose"]


def test_answers_that_are_not_at_their_offset_are_left_out(letters):
    asked = questions([("Jose", None), at("José")], [("Maria", None)])
    encoded, notes = encode_questions(asked, letters, {**SHAPE, "length": 41}, 64, 0, "data.train")
    assert said(encoded, letters) == ["jose"]
    assert notes == ["data.train: 1 questions are left out, none of whose answers is at its offset."]
    with pytest.raises(DataError, match=r"^data.train: none of the 1 questions has an answer at its offset\.$"):
        encode_questions(questions([("Maria", None)]), letters, SHAPE, 64, 0, "data.train")


def test_long_questions_are_counted(letters):
    asked = questions([at("José")], [])
    asked.questions[1] = "who is it ?"
    _, notes = encode_questions(asked, letters, {**SHAPE, "length": 41}, 64, 0, "data.train")
    assert notes == [
        "data.train: 1 of 2 questions are longer than `task.max_question` (7 tokens) and were cut; the longest has 8."
    ]


def test_null_answers_are_those_of_the_training_text():
    assert QuestionAnswering().settle(questions([at("José")], [])) == {"null_answers": True}
    assert QuestionAnswering().settle(questions([at("José")])) == {"null_answers": False}
    assert QuestionAnswering(null_answers=True).settle(questions([at("José")])) == {}


def test_a_context_needs_room_beside_the_question(letters):
    task = QuestionAnswering(length=64)
    with pytest.raises(RecipeError, match=r"must be more than `task.max_question` \(64\) and three .* least is 64"):
        task.encode(questions([at("José")]), letters, 64, 128, 0, "data.train")


def test_score_takes_the_threshold_off_to_find_the_best():
    class Serving:
        def __call__(self, question, context):
            answers = tf.constant([["José", ""], ["", "Käthe"], ["read", ""]])
            return {"answer": answers[:, 0], "answers": answers, "no_answer": tf.constant([-3.0, 2.0, 1.0])}

    asked = questions([("José", 8)], [("Käthe", 0)], [])
    scores, answers = QuestionAnswering().score(Serving(), asked)
    assert answers == ["José", "", "read"]
    assert (scores["exact"], scores["best_exact"], scores["best_exact_thresh"]) == pytest.approx(
        (100 / 3, 200 / 3, -3.0)
    )
