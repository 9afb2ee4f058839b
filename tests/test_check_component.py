"""`check_component` for what is no layer: every built-in passes, and what is wrong is said."""

import pytest
import tensorflow as tf

from keras_transformers import registry
from keras_transformers.losses import Loss
from keras_transformers.metrics import Metric
from keras_transformers.slots import CONTRACTS
from keras_transformers.testing import check_component, checks_of
from keras_transformers.testing.examples import LAYER_SLOTS
from keras_transformers.text.tokenizer import Tokenizer

ARGUMENTS = {
    "tokenizer/characters": {"vocab_size": 64},
    "tokenizer/sentencepiece": {"vocab_size": 40},
    "tokenizer/wordpiece": {"vocab_size": 64},
    "schedule/constant": {"rate": 0.1},
    "schedule/warmup_cosine": {"peak": 0.1},
    "schedule/warmup_linear": {"peak": 0.1},
    "callback/time_limit": {"minutes": 5.0},
    "adaptation/freeze": {"blocks": 1},
    "adaptation/layer_decay": {"factor": 0.5},
    "strategy/mirrored": {},
}
PARTS = [
    f"{contract.slot}/{name}"
    for contract in CONTRACTS
    if contract.slot not in (*LAYER_SLOTS, "source")
    for name in registry.names(contract.slot)
]


def test_all_slots_have_checks():
    for contract in CONTRACTS:
        assert checks_of(contract.slot)
    with pytest.raises(AssertionError, match=r"^There are no checks for the slot `hat`; there are for: model, "):
        checks_of("hat")


@pytest.mark.parametrize("name", PARTS)
def test_every_part_passes(name):
    check_component(name, arguments=ARGUMENTS.get(name))


def test_a_source_passes(tmp_path):
    (tmp_path / "pairs.tsv").write_text("one\teins\ntwo\tzwei\n")
    check_component("source/parallel_text", arguments={"source": str(tmp_path / "pairs.tsv")})
    check_component("source/dates", arguments={"size": 7, "split": "train"})


class Backwards(Metric):
    """A score that is best for who is wrong."""

    name, scores = "backwards", "labels"

    def __call__(self, outputs, references):
        return {"backwards": float(sum(output != right for output, right in zip(outputs, references)))}


class Mean(Loss):
    """A loss whose totals are a mean, which replicas cannot add up."""

    facts = {"learns": "numbers"}

    def call(self, labels, outputs):
        return tf.reduce_mean((labels["label"] - outputs[:, 0]) ** 2)[None]


class Deaf(Tokenizer):
    """A tokenizer that hears one word in all."""

    size = 5

    def train(self, texts, folder):
        pass

    def load(self, folder):
        pass

    def tokenize(self, texts):
        return tf.RaggedTensor.from_tensor(tf.fill((tf.size(texts), 1), 4))

    def detokenize(self, ids):
        return tf.fill((ids.nrows(),), "what?")


@pytest.mark.parametrize(
    ("component", "slot", "said"),
    [
        (Backwards, "metric", "scores: who is wrong gets a better score than who is right."),
        (Mean, "loss", "totals: the totals of two parts of a batch sum to "),
        (Deaf, "tokenizer", "text: `detokenize` gives 'what?' for 'one two three four five'."),
        (Metric, "metric", "contract: it lacks __call__, "),
    ],
)
def test_what_is_wrong_is_said(component, slot, said):
    with pytest.raises(AssertionError) as caught:
        check_component(component, slot)
    assert f"`{component.__name__}` is no {slot} as it should be:\n{said}" in str(caught.value)
