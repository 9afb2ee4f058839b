import numpy as np
import pytest
import tensorflow as tf
from close import ROUNDING, assert_close

from keras_transformers.data import Tagged
from keras_transformers.data.batches.encode_tags import encode_tags
from keras_transformers.errors import DataError, RecipeError
from keras_transformers.predictors.tagger import Tagger
from keras_transformers.tasks.tagging import Tagging

LABELS = ["O", "B-x", "I-x"]


@pytest.fixture(autouse=True)
def eagerly():
    """To trace a graph for each test takes longer than all of them; tests/tasks/test_token_tasks.py has graphs."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


def by_letter(inputs, training):
    """A model that labels a piece by its id alone, with the probability 1/2."""
    label = inputs["tokens"] % len(LABELS)
    return tf.math.log(tf.one_hot(label, len(LABELS)) * 0.25 + 0.25)


def expected(tokenizer, text):
    words = [word for word in text.split(" ") if word]
    ids = tokenizer.tokenize(tf.constant(words, tf.string)).to_list()
    return " ".join(LABELS[pieces[0] % len(LABELS)] for pieces in ids)


def tagged(*sentences):
    words = [[word for word, _ in sentence] for sentence in sentences]
    tags = [[tag for _, tag in sentence] for sentence in sentences]
    return Tagged(words, tags, [f"a.conll:{number}" for number in range(1, len(sentences) + 1)])


TEXTS = ["ab c  def", "", "x " * 29 + "abcdefghijklm " * 3 + "z", " 7", "a-b.c d"]


@pytest.mark.parametrize("length", [5, 11, 23, 149])
def test_a_word_has_the_tag_of_its_first_piece_however_long_the_text(letters, length):
    tagger = Tagger(by_letter, letters, LABELS, length)
    found = tagger(tf.constant(TEXTS))
    assert [one.decode() for one in found["tags"].numpy()] == [expected(letters, text) for text in TEXTS]
    words = [len([word for word in text.split(" ") if word]) for text in TEXTS]
    assert_close(found["scores"], [[0.5] * n + [0.0] * (max(words) - n) for n in words], ROUNDING)


def test_nothing_in_nothing_out(letters):
    found = Tagger(by_letter, letters, LABELS, 11)(tf.constant([], tf.string))
    assert (found["tags"].shape, found["scores"].shape) == ((0,), (0, 0))


def test_a_word_of_no_pieces_has_a_tag(letters):
    found = Tagger(by_letter, letters, LABELS, 11)(tf.constant(["a \u200d\u00a0 b"]))
    assert len(found["tags"].numpy()[0].split()) == 3


def test_labels_are_on_first_pieces(letters):
    sentences = tagged([("ab", "B-x"), ("c", "I-x")], [("d", "O")])
    encoded, notes = encode_tags(sentences, letters, LABELS, 11, 64, 0, "data.train")
    inputs, labels = encoded.batch(np.array([0, 1]))
    assert labels["tags"].tolist() == [[-1, 1, -1, 2, -1, -1], [-1, 0, -1, -1, -1, -1]]
    assert inputs["tokens"][1].tolist()[:3] == [letters.cls, letters.vocabulary.index("d"), letters.sep]
    assert notes == []


def test_each_word_of_a_long_sentence_counts_once(letters):
    sentences = tagged([(word, "B-x") for word in "abc de fghij k lmnopq r s tu".split()])
    encoded, notes = encode_tags(sentences, letters, LABELS, 7, 64, 0, "data.train")
    labels = encoded.labels["tags"].flat
    assert (labels == 1).sum() == 8
    assert notes == [
        "data.train: 1 of 1 sentences are longer than 7 tokens and are read in windows that overlap; "
        "the longest has 23."
    ]


def test_a_tag_that_training_has_not_seen(letters):
    with pytest.raises(DataError) as refused:
        encode_tags(tagged([("a", "O")], [("b", "B-y")]), letters, LABELS, 11, 64, 0, "data.valid")
    assert str(refused.value) == (
        "The sentence at a.conll:2 has the label `B-y`, which the model does not know. Did you mean `B-x`? It knows: "
        "O, B-x, I-x."
    )


def test_labels_are_those_of_the_training_text():
    sentences = tagged([("a", "B-y"), ("b", "O"), ("c", "B-x")])
    assert Tagging().settle(sentences) == {"labels": ["O", "B-x", "B-y"]}
    assert Tagging(labels=LABELS).settle(sentences) == {"labels": LABELS}


def test_one_class_only():
    with pytest.raises(DataError, match=r"^The training text must have two labels or more, but has only `O`\.$"):
        Tagging().settle(tagged([("a", "O"), ("b", "O")]))


def test_the_labels_are_needed_to_build():
    with pytest.raises(RecipeError, match=r"`task\.labels` must be given to build this model"):
        Tagging().serving(None, None)


def test_the_first_metric_chooses_the_best_epoch():
    assert Tagging().monitor == "val_entity_f1"
