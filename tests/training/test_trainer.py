import keras
import numpy as np
import pytest
import tensorflow as tf
from close import SUMS, assert_close

from keras_transformers.losses.cross_entropy import TokenCrossEntropy
from keras_transformers.training.trainer import Ratio, TokenModel

V = 7
SOURCE = np.array([[4, 5, 6], [4, 0, 0]], "int32")
LABELS = np.array([[5, 6], [3, 0]], "int32")


@pytest.fixture
def model():
    keras.utils.set_random_seed(0)
    source = keras.Input((None,), dtype="int32", name="source")
    target = keras.Input((None,), dtype="int32", name="target")
    logits = keras.layers.Dense(V)(keras.layers.Embedding(V, 5)(target))
    model = TokenModel(inputs={"source": source, "target": target}, outputs=logits)
    model.compile(optimizer=keras.optimizers.SGD(0.5), loss=TokenCrossEntropy(), count_tokens=count_tokens)
    return model


def count_tokens(inputs):
    return tf.math.count_nonzero(inputs["source"]) + tf.math.count_nonzero(inputs["target"])


class Spread(keras.layers.Layer):
    """Adds to the loss the mean square of its input."""

    def call(self, x):
        self.add_loss(0.3 * keras.ops.mean(keras.ops.square(x)))
        return x


def with_added_losses(kind, **options):
    """Return a model with a regularizer and a layer that adds a loss, always with the same weights."""
    keras.utils.set_random_seed(0)
    target = keras.Input((None,), dtype="int32", name="target")
    states = Spread()(keras.layers.Embedding(V, 5, embeddings_initializer="normal")(target))
    logits = keras.layers.Dense(V, kernel_regularizer=keras.regularizers.L2(0.1))(states)
    model = kind(inputs={"target": target}, outputs=logits)
    model.compile(loss=TokenCrossEntropy(), **{"optimizer": keras.optimizers.SGD(0.5), **options})
    return model


def dataset(*batches):
    parts = [({"source": source, "target": labels}, labels) for source, labels in batches]
    ids = tf.TensorSpec((None, None), tf.int32)
    signature = ({"source": ids, "target": ids}, ids)
    made = tf.data.Dataset.from_generator(lambda: iter(parts), output_signature=signature)
    return made.apply(tf.data.experimental.assert_cardinality(len(parts)))


def test_the_loss_is_the_mean_over_real_tokens(model):
    logits = model({"source": SOURCE, "target": LABELS}).numpy()
    wanted = keras.ops.sparse_categorical_crossentropy(LABELS, logits, from_logits=True).numpy()
    logs = model.evaluate(dataset((SOURCE, LABELS)), verbose=0, return_dict=True)
    assert logs["loss"] == pytest.approx(wanted[LABELS > 0].mean(), rel=SUMS)
    assert logs["tokens"] == 4 + 3


def test_batches_weigh_by_their_tokens(model):
    one, two = (SOURCE[:1], LABELS[:1]), (SOURCE[1:], LABELS[1:])
    whole = model.evaluate(dataset((SOURCE, LABELS)), verbose=0, return_dict=True)
    parts = model.evaluate(dataset(one, two), verbose=0, return_dict=True)
    assert parts["loss"] == pytest.approx(whole["loss"], rel=SUMS)
    assert parts["tokens"] == whole["tokens"]


def test_a_step_follows_the_gradient(model):
    before = model.evaluate(dataset((SOURCE, LABELS)), verbose=0, return_dict=True)
    logs = model.fit(dataset(*[(SOURCE, LABELS)] * 5), verbose=0, shuffle=False).history
    after = model.evaluate(dataset((SOURCE, LABELS)), verbose=0, return_dict=True)
    assert after["loss"] < before["loss"] - 0.01
    assert logs["tokens"] == [5 * 7]


def test_it_is_not_compiled_by_xla(model):
    assert model.jit_compile is False


@pytest.mark.parametrize("weights", [None, np.array([0.5, 3.0], "float32")], ids=["equal", "weighted"])
def test_on_one_device_it_minimizes_what_keras_does(weights):
    changes, logs = [], []
    for kind in (keras.Model, TokenModel):
        model = with_added_losses(kind, **({"jit_compile": False} if kind is keras.Model else {}))
        before = model.get_weights()
        history = model.fit({"target": LABELS}, LABELS, sample_weight=weights, epochs=3, verbose=0).history
        scores = model.evaluate({"target": LABELS}, LABELS, sample_weight=weights, verbose=0, return_dict=True)
        changes.append([after - start for after, start in zip(model.get_weights(), before)])
        logs.append([*history["loss"], scores["loss"]])
    for plain, ours in zip(*changes):
        assert_close(ours, plain, 10 * SUMS)  # what is left of weights of 1 after the subtraction
    assert_close(logs[1], logs[0], SUMS)


def test_what_layers_add_is_in_the_loss():
    model = with_added_losses(TokenModel)
    logits = model({"target": LABELS}).numpy()
    added = sum(float(loss) for loss in model.losses)
    wanted = keras.ops.sparse_categorical_crossentropy(LABELS, logits, from_logits=True).numpy()[LABELS > 0].mean()
    assert added > 0.05
    assert model.evaluate({"target": LABELS}, LABELS, verbose=0, return_dict=True)["loss"] == pytest.approx(
        wanted + added, rel=SUMS
    )


def test_a_weight_of_zero_leaves_an_example_out(model):
    both = {"source": SOURCE, "target": LABELS}
    first = {name: ids[:1] for name, ids in both.items()}
    weighed = model.evaluate(both, LABELS, sample_weight=np.array([1.0, 0.0]), verbose=0, return_dict=True)
    alone = model.evaluate(first, LABELS[:1], verbose=0, return_dict=True)
    assert weighed["loss"] == pytest.approx(alone["loss"], rel=SUMS)
    twice = model.evaluate(both, LABELS, sample_weight=np.array([2e-3, 0.0]), verbose=0, return_dict=True)
    assert twice["loss"] == pytest.approx(alone["loss"], rel=SUMS)


def test_unless_told_what_counts_for_the_loss_is_counted():
    logs = with_added_losses(TokenModel).evaluate({"target": LABELS}, LABELS, verbose=0, return_dict=True)
    assert logs["tokens"] == 3


def test_a_loss_that_is_scaled_makes_the_same_step():
    scaled = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.5), initial_scale=64.0)
    found = []
    for optimizer in (keras.optimizers.SGD(0.5), scaled):
        model = with_added_losses(TokenModel, optimizer=optimizer)
        model.fit({"target": LABELS}, LABELS, verbose=0)
        found.append(model.get_weights())
    for plain, other in zip(*found):
        assert_close(other, plain, SUMS)


def test_a_loss_without_totals_is_refused():
    inputs = keras.Input((3,))
    model = TokenModel(inputs, keras.layers.Dense(1)(inputs))
    with pytest.raises(TypeError) as raised:
        model.compile("adam", keras.losses.MeanSquaredError())
    assert str(raised.value) == (
        "`loss` must be a `keras_transformers.losses.Loss`, whose totals can be summed over replicas, but is a "
        "MeanSquaredError."
    )


def test_a_ratio_of_nothing_is_zero():
    ratio = Ratio("score")
    assert float(ratio.result()) == 0.0
    ratio.update_state(3.0, 0.25)
    ratio.update_state(1.0, 0.25)
    assert float(ratio.result()) == 8.0
    ratio.reset_state()
    assert float(ratio.result()) == 0.0
