"""What comes later changes nothing before it, in the whole Transformer."""

import numpy as np
import pytest
from close import NETWORK, SUMS, assert_close
from harness import SIZES, B, S, T, array

RNG = np.random.default_rng(0)
SOURCE = RNG.integers(4, SIZES["vocab_size"], (B, S)).astype("int32")
TARGET = RNG.integers(4, SIZES["vocab_size"], (B, T)).astype("int32")


def logits(model, source, target):
    return array(model({"source": source, "target": target}))


@pytest.mark.parametrize("where", range(T))
def test_a_later_target_changes_nothing_before_it(model, where):
    other = TARGET.copy()
    other[:, where] = (other[:, where] + 5) % SIZES["vocab_size"]

    before, after = logits(model, SOURCE, TARGET), logits(model, SOURCE, other)

    assert_close(after[:, :where], before[:, :where], SUMS)
    assert (np.abs(after - before)[:, where:].max(axis=(0, 2)) > 1e-3).all()


def test_a_shorter_target_gives_the_same_beginning(model):
    whole, part = logits(model, SOURCE, TARGET), logits(model, SOURCE, TARGET[:, :2])
    assert_close(part, whole[:, :2], NETWORK)


@pytest.mark.parametrize("where", [0, S - 1])
def test_every_target_sees_every_source(model, where):
    other = SOURCE.copy()
    other[:, where] = (other[:, where] + 5) % SIZES["vocab_size"]
    changed = np.abs(logits(model, other, TARGET) - logits(model, SOURCE, TARGET))
    assert (changed.max(axis=2) > 1e-4).all()


def test_padding_changes_nothing(model):
    padded = np.pad(SOURCE, ((0, 0), (0, 3)))
    assert_close(logits(model, padded, TARGET), logits(model, SOURCE, TARGET), NETWORK)


def test_a_source_of_padding_only_is_answered(model):
    source = SOURCE.copy()
    source[1] = 0
    outputs = logits(model, source, TARGET)
    assert np.isfinite(outputs).all()
    assert_close(outputs[[0, 2]], logits(model, SOURCE, TARGET)[[0, 2]], NETWORK)


def test_sentences_of_a_batch_do_not_touch_each_other(model):
    alone = logits(model, SOURCE[:1], TARGET[:1])
    assert_close(alone, logits(model, SOURCE, TARGET)[:1], NETWORK)
