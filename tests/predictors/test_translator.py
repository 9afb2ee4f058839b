import numpy as np
import pytest
import tensorflow as tf

from keras_transformers.decoding import Found
from keras_transformers.metrics.text import Bleu, Chrf, ExactMatch
from keras_transformers.predictors.translator import Translator
from keras_transformers.tasks import Translation
from keras_transformers.text import Characters
from keras_transformers.text.special import EOS


def found(ids, scores):
    """Return one answer of each row."""
    return Found(ids[:, None], scores[:, None], tf.zeros(tf.shape(ids))[:, None])


class Echo:
    """A search that says what it reads, backwards, and counts how it was asked."""

    answers = 1

    def __init__(self):
        self.shapes = []

    def limit(self, lengths):
        return lengths + 2

    def __call__(self, model, inputs, seeds=None):
        source = inputs["source"]
        tf.py_function(lambda ids: self.shapes.append(tuple(ids.shape)), [source], [])
        lengths = tf.reduce_sum(tf.cast(source != 0, tf.int32), axis=1)
        said = tf.reverse_sequence(source, lengths - 1, seq_axis=1)
        junk = tf.fill((tf.shape(source)[0], 2), 4)  # after the end token: not to be shown
        return found(tf.concat([said, junk], axis=1), -tf.cast(lengths, tf.float32))


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    tokenizer = Characters()
    tokenizer.train(["abcdefghij klmnopqrstuvwxyz 0123456789"], tmp_path_factory.mktemp("letters"))
    return tokenizer


@pytest.fixture
def echo(tokenizer):
    return Translator(tf.Module(), tokenizer, Echo())


def answers(translator, texts):
    found = translator(tf.constant(texts, tf.string))
    return [text.decode() for text in found["text"].numpy()], found["score"].numpy().tolist()


def test_answers_are_in_the_order_of_the_questions(echo):
    texts = ["ab", "", "a much longer sentence", "abc", "x"]
    said, scores = answers(echo, texts)
    assert said == [text[::-1] for text in texts]
    assert scores == [-len(text) - 1 if text else 0 for text in texts]


def test_nothing_in_nothing_out(echo):
    assert answers(echo, []) == ([], [])


BLANK = [
    "",
    " ",
    "\t \r",
    "\u00a0\u3000",
    "\u200b",
    "\ufeff",
    "\u3164",
    "\u2800",
    "\0\x1b\x9f",
    "\u00ad\u202e\U000e0041",
]


def test_what_shows_nothing_is_answered_with_nothing_and_the_model_is_not_asked(echo):
    texts = [text for blank in BLANK for text in (blank, f"{blank}a")]
    said, scores = answers(echo, texts)
    assert said[::2] == [""] * len(BLANK)
    assert scores[::2] == [0] * len(BLANK)
    assert all(text.startswith("a") for text in said[1::2])
    assert sum(rows for rows, _ in echo.search.shapes) == len(BLANK)
    assert answers(echo, BLANK) == ([""] * len(BLANK), [0] * len(BLANK))


def test_it_is_the_same_in_a_saved_model(tokenizer, tmp_path):
    class Search:
        answers = 1

        def limit(self, lengths):
            return lengths

        def __call__(self, model, inputs, seeds=None):
            return found(inputs["source"], tf.ones(tf.shape(inputs["source"])[0]))

    model = tf.Module()
    model.start = 2
    translator = Translator(model, tokenizer, Search())
    signature = translator.__call__.get_concrete_function()
    tf.saved_model.save(translator, str(tmp_path), signatures={"serving_default": signature})
    answer = tf.saved_model.load(str(tmp_path)).signatures["serving_default"](tf.constant([*BLANK, "ab", "\u3164"]))
    assert answer["text"].numpy().tolist() == [b""] * len(BLANK) + [b"ab", b""]
    assert answer["score"].numpy().tolist() == [0] * len(BLANK) + [1, 0]


def test_memory_is_bounded_whatever_the_number_and_the_lengths(echo):
    texts = ["a" * length for length in range(1, 402)] + ["b"] * 600
    assert answers(echo, texts)[0] == texts
    shapes = echo.search.shapes
    assert sum(rows for rows, _ in shapes) == len(texts)
    assert max(rows * width for rows, width in shapes) <= 4096
    assert max(rows for rows, _ in shapes) == 256
    assert len(shapes) < 30


def test_one_sentence_over_the_bound_is_decoded_alone(echo):
    texts = ["ab" * 3000, "cd"]
    assert answers(echo, texts)[0] == ["ba" * 3000, "dc"]
    assert echo.search.shapes == [(1, 6001), (1, 3)]


def test_unknown_characters_are_answered(echo):
    said, _ = answers(echo, ["a☃b"])
    assert said == ["b⁇a"]


def test_what_is_not_utf8_is_answered(echo):
    found = echo(tf.constant([b"a\xff\xfeb"]))
    assert found["text"].numpy()[0].decode().startswith("b")


def test_an_output_ends_before_its_end_token():
    from keras_transformers.predictors.generator import until_end

    ids = tf.constant([[5, EOS, 7, 8], [5, 6, 7, 8], [EOS, 5, 5, 5], [5, 0, 6, 0]])
    assert until_end(ids).to_list() == [[5], [5, 6, 7, 8], [], [5]]


def test_the_metrics_of_a_task():
    class Serving:
        def __call__(self, texts):
            return {"text": tf.constant([text.upper() for text in texts])}

    pairs = type("Pairs", (), {"sources": ["a b c d", "b"], "targets": ["A B C D", "C"]})
    scores, outputs = Translation(search=None, metrics=[ExactMatch(), Chrf(), Bleu()]).score(Serving(), pairs)
    assert outputs == ["A B C D", "B"]
    assert scores["exact_match"] == 50.0
    assert 0 < scores["bleu"] < 100
    assert "tok:13a" in scores["bleu_signature"]
    assert "nc:6" in scores["chrf_signature"]


def test_bleu_is_cased():
    outputs = ["the cat sat on the mat"]
    assert Bleu()(outputs, outputs)["bleu"] == pytest.approx(100)
    assert Bleu()(outputs, ["The Cat Sat On The Mat"])["bleu"] < 50
    assert np.isfinite(Bleu()([""], outputs)["bleu"])
    assert ExactMatch()([], []) == {"exact_match": 0.0}
