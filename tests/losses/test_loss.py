"""What holds for every loss: it is a Keras loss, and its totals are what Keras makes the mean of."""

import keras
import numpy as np
import pytest
from close import SUMS, assert_close

from keras_transformers.losses import Loss, TokenCrossEntropy
from keras_transformers.losses.cosine import CosineError
from keras_transformers.losses.label import LabelCrossEntropy, SquaredError
from keras_transformers.losses.loss import as_loss
from keras_transformers.losses.masked_tokens import PretrainingLoss
from keras_transformers.losses.span import SpanCrossEntropy
from keras_transformers.losses.tags import TagCrossEntropy

B, T, V = 5, 7, 11
RNG = np.random.default_rng(3)
IDS = RNG.integers(1, V, (B, T)).astype("int32")
IDS[1, 3:] = IDS[4, 1:] = 0
TAGS = np.where(IDS > 0, IDS, -1)
FIRST, LATER = IDS[:, 0], RNG.integers(0, T, B).astype("int32")
NUMBERS = RNG.normal(size=B).astype("float32")
WEIGHTS = RNG.uniform(0.1, 3, B).astype("float32")


def normal(*shape):
    return RNG.normal(size=shape).astype("float32")


CASES = {
    "tokens": (TokenCrossEntropy(label_smoothing=0.1), IDS, normal(B, T, V), IDS > 0),
    "label": (LabelCrossEntropy(0.2), {"label": FIRST}, normal(B, V), None),
    "label_alone": (LabelCrossEntropy(), FIRST, normal(B, V), None),
    "number": (SquaredError(), {"label": NUMBERS}, normal(B, 1), None),
    "tags": (TagCrossEntropy(), {"tags": TAGS}, normal(B, T, V), TAGS >= 0),
    "masked": (PretrainingLoss(), {"masked": TAGS}, {"masked": normal(B, T, V)}, TAGS >= 0),
    "pairs": (PretrainingLoss(), {"masked": TAGS, "next": FIRST % 2}, {"masked": normal(B, T, V), "next": normal(B, 2)},
              TAGS >= 0),
    "span": (SpanCrossEntropy(), {"start": LATER, "end": LATER[::-1]}, {"start": normal(B, T), "end": normal(B, T)},
             None),
    "vectors": (CosineError(), {"cosine": NUMBERS}, {"first": normal(B, T), "second": normal(B, T)}, None),
    "vectors_stacked": (CosineError(), NUMBERS, normal(B, 2, T), None),
}  # fmt: skip
each_case = pytest.mark.parametrize("case", CASES)


@each_case
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["equal", "weighted"])
def test_totals_add_up_the_losses_of_what_counts(case, weights):
    loss, labels, outputs, real = CASES[case]
    losses = keras.ops.convert_to_numpy(loss.call(labels, outputs))
    counts = np.ones(losses.shape) if real is None else real.astype("float32")
    if weights is not None:
        counts = counts * weights.reshape((B,) + (1,) * (losses.ndim - 1))

    total, count = loss.totals(labels, outputs, weights)

    assert_close(total, (losses * counts).sum(), SUMS)
    assert_close(count, counts.sum(), SUMS)
    assert_close(loss(labels, outputs, weights), (losses * counts).sum() / counts.sum(), SUMS)


@each_case
def test_it_survives_saving(case):
    loss, labels, outputs, _ = CASES[case]
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    assert type(again) is type(loss)
    assert isinstance(again, keras.losses.Loss)
    assert again.get_config() == loss.get_config()
    np.testing.assert_array_equal(again.call(labels, outputs), loss.call(labels, outputs))


def test_weights_may_be_small():
    loss, labels, outputs, _ = CASES["tags"]
    assert_close(loss(labels, outputs, 1e-3 * WEIGHTS), loss(labels, outputs, WEIGHTS), SUMS)


def test_weights_of_each_item():
    loss, labels, outputs, real = CASES["tags"]
    weights = RNG.uniform(0, 1, (B, T)).astype("float32")
    total, count = loss.totals(labels, outputs, weights)
    assert_close(count, (weights * real).sum(), SUMS)
    assert_close(loss(labels, outputs, weights), total / count, SUMS)


def test_what_keras_has_masked_does_not_count():
    loss, labels, outputs, real = CASES["tags"]
    seen = real & (np.arange(T) < 2)
    outputs = keras.ops.convert_to_tensor(outputs)
    outputs._keras_mask = keras.ops.convert_to_tensor(np.broadcast_to(np.arange(T) < 2, (B, T)))
    total, count = loss.totals(labels, outputs)
    assert float(count) == seen.sum()
    assert_close(loss(labels, outputs), total / count, SUMS)


@pytest.mark.parametrize("reduction", ["sum", "none"])
def test_another_reduction(reduction):
    _, labels, outputs, real = CASES["tags"]
    loss = TagCrossEntropy(reduction=reduction)
    wanted = loss.call(labels, outputs) * real
    assert_close(loss(labels, outputs), np.sum(wanted) if reduction == "sum" else wanted, SUMS)


def test_nothing_that_counts_is_no_loss():
    loss, labels, outputs, _ = CASES["tags"]
    assert float(loss({"tags": np.full_like(labels["tags"], -1)}, outputs)) == 0.0


def test_one_that_computes_nothing_is_refused():
    class Nothing(Loss):
        pass

    with pytest.raises(TypeError, match=r"abstract method '?call"):
        Nothing()


class OfVersionOne:
    """As losses were written before there was `Loss`."""

    def totals(self, labels, outputs):
        return keras.ops.sum(outputs), 4.0

    def measures(self, labels, outputs):
        return {"odds": (1.0, 2.0)}


def test_one_of_version_one_is_taken_for_a_loss():
    loss = as_loss(OfVersionOne())
    outputs = normal(B, 1)
    assert_close(loss.totals(NUMBERS, outputs)[0], outputs.sum(), SUMS, size=1.0)
    assert_close(loss(NUMBERS, outputs), outputs.sum() / 4, SUMS, size=1.0)
    assert loss.measures(NUMBERS, outputs) == {"odds": (1.0, 2.0)}
    assert as_loss(loss) is loss
    with pytest.raises(ValueError, match=r"^OfVersionOne must be a `keras_transformers.losses.Loss` to weigh exam"):
        loss.totals(NUMBERS, outputs, WEIGHTS)


class Absolute(Loss):
    """A user's own: an example is one item."""

    def call(self, y_true, y_pred):
        return keras.ops.abs(y_true - y_pred[:, 0])


PLAIN = {
    "own": (Absolute(), None, NUMBERS, [1]),
    "number": (SquaredError(), None, NUMBERS, [1]),
    "label": (LabelCrossEntropy(), None, FIRST, [V]),
    "tokens": (TokenCrossEntropy(), None, IDS, [T, V]),
    "tags": (TagCrossEntropy(), None, TAGS, [T, V]),
    "masked": (PretrainingLoss(), None, TAGS, [T, V]),
    "span": (SpanCrossEntropy(), 0.5, {"start": LATER, "end": LATER[::-1]}, [T]),
    "vectors": (CosineError(), None, NUMBERS, [2, T]),
}


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="the train step is TensorFlow's")
@pytest.mark.parametrize("name", PLAIN)
def test_plain_keras_minimizes_the_same(name):
    """`compile(loss=...)` and `fit` of any Keras model take the step that training of a recipe takes."""
    from keras_transformers.training.trainer import TokenModel

    loss, loss_weights, labels, shape = PLAIN[name]
    x, found = normal(B, 3), []
    for kind in (keras.Model, TokenModel):
        keras.utils.set_random_seed(1)
        inputs = keras.Input((3,), name="x")
        heads = labels if isinstance(labels, dict) else {"": labels}
        outputs = {head: keras.layers.Reshape(shape)(keras.layers.Dense(int(np.prod(shape)))(inputs)) for head in heads}
        model = kind(inputs, outputs if isinstance(labels, dict) else outputs[""])
        more = {"jit_compile": False, "loss_weights": loss_weights} if kind is keras.Model else {}
        model.compile(optimizer=keras.optimizers.SGD(0.5), loss=loss, **more)
        before = model.get_weights()
        model.fit(x, labels, sample_weight=None if loss_weights else WEIGHTS, batch_size=B, verbose=0)
        found.append([after - start for after, start in zip(model.get_weights(), before)])
    for plain, ours in zip(*found):
        assert np.abs(plain).max() > 1e-4
        assert_close(ours, plain, 10 * SUMS)  # what is left of weights of 1 after the subtraction
