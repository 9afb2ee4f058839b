import numpy as np
import pytest
from close import SUMS, assert_close

from keras_transformers.losses.masked_tokens import PretrainingLoss

BATCH, PLACES, SIZE = 5, 3, 7


def batch(seed=3):
    rng = np.random.default_rng(seed)
    masked = rng.integers(0, SIZE, (BATCH, PLACES)).astype("int32")
    masked[0, 1:] = masked[3, 2] = -1
    labels = {"masked": masked, "next": rng.integers(0, 2, BATCH).astype("int32")}
    logits = {
        "masked": rng.normal(size=(BATCH, PLACES, SIZE)).astype("float32"),
        "next": rng.normal(size=(BATCH, 2)).astype("float32"),
    }
    return labels, logits


def cut(arrays, part):
    return {name: one[part] for name, one in arrays.items()}


def cross_entropy(labels, logits):
    logs = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    return -np.take_along_axis(logs, np.maximum(labels, 0)[..., None], -1)[..., 0]


def test_masked_tokens_alone_are_a_mean_over_labels():
    labels, logits = batch()
    total, count = PretrainingLoss().totals({"masked": labels["masked"]}, {"masked": logits["masked"]})
    real = labels["masked"] >= 0
    assert float(count) == real.sum() == 12
    assert float(total) == pytest.approx(cross_entropy(labels["masked"], logits["masked"])[real].sum(), rel=SUMS)


def test_a_pair_weighs_as_its_masked_tokens():
    labels, logits = batch()
    total, count = PretrainingLoss().totals(labels, logits)
    real = labels["masked"] >= 0
    wanted = cross_entropy(labels["masked"], logits["masked"])[real].sum()
    wanted += (cross_entropy(labels["next"], logits["next"]) * real.sum(axis=1)).sum()
    assert float(total) == pytest.approx(wanted, rel=SUMS)
    assert float(count) == 12


def test_halves_of_a_batch_add_up_to_it():
    labels, logits = batch()
    whole = np.array(PretrainingLoss().totals(labels, logits))
    halves = slice(2), slice(2, None)
    parts = np.array([PretrainingLoss().totals(cut(labels, half), cut(logits, half)) for half in halves])
    assert_close(parts.sum(axis=0), whole, SUMS)


def test_measures():
    labels, logits = batch()
    measures = PretrainingLoss().measures(labels, logits)
    found = {name: (float(amount), float(count)) for name, (amount, count) in measures.items()}
    real = labels["masked"] >= 0
    right = (logits["masked"].argmax(-1) == labels["masked"])[real].sum()
    assert found["mlm_accuracy"] == pytest.approx((100 * right, 12))
    right = (logits["next"].argmax(-1) == labels["next"]).sum()
    assert found["nsp_accuracy"] == pytest.approx((100 * right, BATCH))
    assert found["mlm_loss"][1] == 12
