import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_transformers.decoding import Greedy, Search
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
        token = state["source"][:, state["said"]]
        token = tf.where(token == 0, EOS, token)
        return 9.0 * tf.one_hot(token, V)[:, None], {**state, "said": state["said"] + 1}

    def choose(self, state, parents):
        return {**state, "source": tf.gather(state["source"], parents)}


class Twice(Search):
    """A search of a user's: greedy, over two copies of each row, of which it answers the second."""

    def find(self, model, state, first, limits, length):
        parents = tf.repeat(tf.range(tf.shape(first)[0]), 2)
        state = model.choose(state, parents)
        ids, score = Greedy.find(self, model, state, tf.gather(first, parents), tf.gather(limits, parents), length)
        return ids[1::2], score[1::2]


@pytest.mark.parametrize("search", [Greedy, Twice])
def test_a_search_decodes_with_whatever_is_decodable(search):
    ids, score = tf.function(search(1.0, 4))(Echo(), tf.constant(SOURCE))
    assert ids.numpy().tolist() == [[5, 4, 6, EOS, 0, 0, 0], [6, EOS, 0, 0, 0, 0, 0]]
    assert (score.numpy() < 0).all()


def test_the_first_step_reads_the_start_token():
    class Listening(Echo):
        def step(self, ids, state):
            heard.append(ids.numpy().tolist())
            return super().step(ids, state)

    heard = []
    Greedy(1.0, 0)(Listening(), tf.constant(SOURCE))
    assert heard[0] == [[BOS], [BOS]]


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
