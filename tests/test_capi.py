"""The tokenizers answer through TensorFlow's C API, where there is no Python."""

import capi
import pytest
import tensorflow as tf

from keras_transformers.text import Characters, SentencePiece

SENTENCES = ["The cat sat on the mat.", "Ein Hund läuft über die Wiese.", "猫坐在垫子上。"] * 5


class Counter(tf.Module):
    """Text to its own copy and a score; the variable shows that weights are restored."""

    def __init__(self, tokenizer):
        super().__init__()
        self.tokenizer = tokenizer
        self.weight = tf.Variable(0.0)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
    def count(self, text):
        ids = self.tokenizer.tokenize(text)
        score = self.weight * tf.cast(ids.row_lengths(), tf.float32)
        return {"text": self.tokenizer.detokenize(ids), "score": score, "size": tf.shape(text)[0]}


@pytest.fixture(scope="module", params=[Characters, SentencePiece])
def model(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param.__name__)
    tokenizer = request.param(37)
    tokenizer.train(SENTENCES, folder / "vocabulary")
    counter = Counter(tokenizer)
    counter.weight.assign(0.375)
    tf.saved_model.save(counter, str(folder / "model"), signatures={"serving_default": counter.count})
    return counter, folder / "model"


def test_c_api_answers_as_python_does(model):
    counter, folder = model
    texts = ["The cat.", "", "Hund 😀", "猫。", "x " * 3000]
    expected = counter.count(tf.constant(texts))
    answer = capi.run(folder, "serving_default", {"text": texts})
    assert answer == {
        "text": [text.decode() for text in expected["text"].numpy()],
        "score": expected["score"].numpy().tolist(),
        "size": [5],
    }
    assert answer["text"][0] == "The cat."
    assert answer["score"][0] > 0
    assert answer["score"][1] == 0


def test_c_api_takes_an_empty_batch(model):
    _, folder = model
    assert capi.run(folder, "serving_default", {"text": []}) == {"text": [], "score": [], "size": [0]}


def test_errors_name_what_exists(model):
    _, folder = model
    with pytest.raises(AssertionError, match=r"No signature 'other'; there are .*'serving_default'"):
        capi.run(folder, "other", {"text": ["a"]})
    with pytest.raises(AssertionError, match=r"takes \['text'\], not \['words'\]"):
        capi.run(folder, "serving_default", {"words": ["a"]})
    with pytest.raises(AssertionError, match="TF_LoadSessionFromSavedModel"):
        capi.run(folder / "nowhere", "serving_default", {"text": ["a"]})
