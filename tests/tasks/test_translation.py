"""References that are not as the tokenizer writes text: a model that is always right is not marked down."""

import types
import unicodedata

import pytest
import tensorflow as tf

from keras_transformers.data import Pairs
from keras_transformers.metrics.metric import Metric
from keras_transformers.metrics.text import Bleu, Chrf, ExactMatch
from keras_transformers.tasks import Translation
from keras_transformers.text import Characters, SentencePiece

LINES = [unicodedata.normalize("NFD", "Zwei Männer für Mädchen müde")] * 5 + ["a  b   c d", "e f g h"] * 5
PAIRS = Pairs(["x"] * len(LINES), LINES)


def perfect(kind, size, folder):
    """A serving module that says the targets, as far as its tokenizer can write them."""
    tokenizer = kind(size)
    tokenizer.train(LINES, folder)
    said = tokenizer.detokenize(tokenizer.encode(LINES))
    module = types.SimpleNamespace(tokenizer=tokenizer)
    return lambda_with(module, lambda text: {"text": said})


def lambda_with(module, call):
    class Serving:
        tokenizer = module.tokenizer

        def __call__(self, text):
            return call(text)

    return Serving()


class Copied(Metric):
    """A metric of one's own, which inherits how references are taken."""

    name, scores = "copied", "texts"

    def __call__(self, outputs, references):
        return {"copied": 100.0 * (list(outputs) == list(references))}


class Bare:
    """A metric of the first version, which inherits from nothing and gets references as they are."""

    name = "bare"

    def __call__(self, outputs, references):
        return {"bare": float(references == LINES)}


def test_a_model_that_is_always_right_gets_all(tmp_path):
    task = Translation(None, metrics=[ExactMatch(), Copied(), Bare(), Bleu()])
    scores, outputs = task.score(perfect(SentencePiece, 25, tmp_path), PAIRS)
    assert outputs[:1] == ["Zwei Männer für Mädchen müde"]
    assert outputs[5] == "a b c d"
    assert (scores["exact_match"], scores["copied"], scores["bare"]) == (100.0, 100.0, 1.0)
    # BLEU is sacreBLEU's of the file as it is, as published figures are: words in decomposed accents are others.
    assert scores["bleu"] == Bleu()(outputs, LINES)["bleu"] < 70
    composed = Pairs(PAIRS.sources, [unicodedata.normalize("NFC", line) for line in LINES])
    assert task.score(perfect(SentencePiece, 25, tmp_path), composed)[0]["bleu"] == pytest.approx(100)


def test_characters_leave_text_as_it_is(tmp_path):
    serving = perfect(Characters, 97, tmp_path)
    task = Translation(None, metrics=[ExactMatch(), Bleu()])
    scores, outputs = task.score(serving, PAIRS)
    assert outputs == LINES
    assert scores["exact_match"] == 100.0
    assert task.notes_on_references(PAIRS, serving.tokenizer, "data.valid") == []


def test_the_difference_is_told(tmp_path):
    serving = perfect(SentencePiece, 25, tmp_path)
    task = Translation(None, metrics=[ExactMatch(), Bleu(), Chrf()])
    (note,) = task.notes_on_references(PAIRS, serving.tokenizer, "data.valid")
    bleu = task.score(serving, PAIRS)[0]["bleu"]
    chrf = task.score(serving, PAIRS)[0]["chrf"]
    assert note == (
        "data.valid: the tokenizer writes 10 of 15 references otherwise (composed accents, single spaces), first "
        f"{LINES[0]!r} as 'Zwei Männer für Mädchen müde'. bleu takes them as they are: a model that is always right "
        f"gets {bleu:.2f}. chrf takes them as they are: a model that is always right gets {chrf:.2f}."
    )


def test_a_saved_model_has_no_tokenizer(tmp_path):
    """Its references are taken as they are."""
    task = Translation(None, metrics=[ExactMatch()])
    scores, _ = task.score(lambda text: {"text": tf.constant(LINES)}, PAIRS)
    assert scores == {"exact_match": 100.0}
