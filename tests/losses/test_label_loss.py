import keras
import numpy as np
import pytest
from close import ROUNDING, SUMS

from keras_transformers.losses.label import LabelCrossEntropy, SquaredError

RNG = np.random.default_rng(3)
LOGITS = RNG.normal(size=(7, 5)).astype("float32")
LABELS = RNG.integers(0, 5, 7).astype("int32")


def test_cross_entropy_is_kerass():
    wanted = keras.ops.sparse_categorical_crossentropy(LABELS, LOGITS, from_logits=True)
    total, count = LabelCrossEntropy().totals({"label": LABELS}, LOGITS)
    assert float(total) == pytest.approx(float(np.sum(wanted)), rel=SUMS)
    assert float(count) == 7


def test_accuracy_is_in_percent():
    amount, count = LabelCrossEntropy().measures({"label": LABELS}, LOGITS)["accuracy"]
    assert float(amount / count) == pytest.approx(100 * np.mean(LOGITS.argmax(1) == LABELS), rel=ROUNDING)


def test_squared_error():
    total, count = SquaredError().totals({"label": np.array([1.0, 2.5], "float32")}, np.array([[3.0], [2.0]]))
    assert (float(total), float(count)) == (4.25, 2.0)
