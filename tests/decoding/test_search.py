import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_transformers.decoding import Beam, Found, Greedy, Sample, Search
from keras_transformers.errors import RecipeError
from keras_transformers.models import Decodable
from keras_transformers.text.special import BOS, EOS

V = 7
SOURCE = np.array([[5, 4, 6], [6, 0, 0]], "int32")


class Echo(Decodable, keras.Model):
    """Says its source, then the end token; its state is no cache, but how much is said."""

    def __init__(self):
        inputs = keras.Input((None,), dtype="int32", name="source")
        super().__init__({"source": inputs}, keras.ops.one_hot(inputs, V))

    def begin(self, inputs, length):
        ends = tf.fill((tf.shape(inputs["source"])[0], 1), EOS)
        return {"source": tf.concat([inputs["source"], ends], 1), "said": tf.constant(0)}

    def step(self, ids, state):
        token = state["source"][:, tf.minimum(state["said"], tf.shape(state["source"])[1] - 1)]
        token = tf.where(token == 0, EOS, token)
        return 9.0 * tf.one_hot(token, V)[:, None], {**state, "said": state["said"] + 1}

    def choose(self, state, parents):
        return {**state, "source": tf.gather(state["source"], parents)}


class Twice(Search):
    """A search of a user's: follows two copies of each row, and answers with what the second says."""

    def find(self, model, state, asked):
        batch = tf.shape(asked.first)[0]
        state = model.choose(state, tf.repeat(tf.range(batch), 2))
        last = tf.repeat(asked.first, 2)
        ids, scores = tf.zeros((batch, 0), tf.int32), tf.zeros((batch, 0))
        for _ in range(4):
            logits, state = model.step(last[:, None], state)
            last = tf.argmax(logits[:, 0], axis=-1, output_type=tf.int32)
            own = tf.reduce_max(tf.nn.log_softmax(logits[:, 0]), axis=-1)
            ids, scores = tf.concat([ids, last[1::2, None]], 1), tf.concat([scores, own[1::2, None]], 1)
        ended = tf.cumsum(tf.cast(ids == EOS, tf.int32), axis=1, exclusive=True) > 0
        ids, scores = tf.where(ended, 0, ids), tf.where(ended, 0.0, scores)
        return Found(ids[:, None], tf.reduce_sum(scores, 1, keepdims=True), scores[:, None])


SEARCHES = {
    "greedy": Greedy(1.0, 4),
    "beam": Beam(beams=3, max_ratio=1.0, max_extra=4),
    "sample": Sample(samples=2, max_ratio=1.0, max_extra=4),
    "own": Twice(),
}


@pytest.mark.parametrize("search", SEARCHES.values(), ids=SEARCHES)
def test_a_search_decodes_with_whatever_is_decodable(search):
    found = tf.function(search)(Echo(), tf.constant(SOURCE))
    for row, wanted in enumerate(([5, 4, 6, EOS], [6, EOS])):
        ids = found.ids[row, 0].numpy()
        assert ids[: len(wanted)].tolist() == wanted
        assert not ids[len(wanted) :].any()
    assert (found.scores.numpy() < 0).all()


def test_the_first_step_reads_the_start_token():
    class Listening(Echo):
        def step(self, ids, state):
            heard.append(ids.numpy().tolist())
            return super().step(ids, state)

    heard = []
    Greedy(1.0, 0)(Listening(), tf.constant(SOURCE))
    assert heard[0] == [[BOS], [BOS]]


def test_a_sentence_that_is_done_is_asked_no_more():
    class Listening(Echo):
        def step(self, ids, state):
            heard.append(len(ids))
            return super().step(ids, state)

    heard = []
    Greedy(1.0, 4)(Listening(), tf.constant(SOURCE))
    assert heard == [2, 2, 1, 1]


def test_a_model_that_is_not_decodable():
    inputs = keras.Input((3,))
    with pytest.raises(RecipeError) as caught:
        Greedy()(keras.Model(inputs, inputs), tf.constant(SOURCE))
    assert str(caught.value) == (
        "A search needs a model that says its output token by token, such as `model/transformer`, not a Functional."
    )


def test_what_a_subclass_must_fill_in():
    with pytest.raises(TypeError, match=r"abstract method '?find'?"):
        Search()

    class Silent(Decodable, keras.Model):
        """Fills in nothing, and is not functional."""

    model = Silent()
    for call, method in (
        (lambda: model.begin({}, 1), "begin(inputs, length)"),
        (lambda: model.step(None, {}), "step(ids, state)"),
        (lambda: model.choose({}, None), "choose(state, parents)"),
    ):
        with pytest.raises(NotImplementedError) as caught:
            call()
        assert str(caught.value) == f"Silent must have a method `{method}`."
