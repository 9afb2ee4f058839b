"""`check_component` for what is no layer: every built-in passes, and what is wrong is said."""

import dataclasses
import math

import pytest
import tensorflow as tf

from keras_transformers import registry
from keras_transformers.decoding import Greedy
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


class Endless(Greedy):
    """A search that says once more what it has said."""

    def find(self, model, state, asked):
        found = super().find(model, state, asked)
        return found._replace(ids=tf.tile(found.ids, (1, 1, 2)))


class Startled(Greedy):
    """A search that takes no beginning that is given."""

    def begin(self, model, inputs, seeds=None):
        return super().begin(model, {"source": inputs["source"]}, seeds)


class Chatty(Greedy):
    """A search whose answers are as many as the longest in the batch may be."""

    def begin(self, model, inputs, seeds=None):
        state, asked = super().begin(model, inputs, seeds)
        return state, dataclasses.replace(asked, limits=0 * asked.limits + tf.reduce_max(asked.limits) - 8)


class Sure(Greedy):
    """A search that is sure of what it says."""

    def find(self, model, state, asked):
        found = super().find(model, state, asked)
        return found._replace(scores=0 * found.scores)


class Silent(Greedy):
    """A search that finds nothing."""

    def find(self, model, state, asked):
        found = super().find(model, state, asked)
        return found._replace(scores=0 * found.scores - math.inf)


@pytest.mark.parametrize(
    ("component", "slot", "said"),
    [
        (Endless, "search", "search: it says 36 tokens, more than the 18 allowed."),
        (Startled, "search", "search: it says 18 tokens from a given beginning, more than the 16 allowed."),
        (Chatty, "search", "search: what it answers a text depends on the others in the batch."),
        (Sure, "search", "search: a score must be the log-probability -"),
        (Silent, "search", "search: its best answer must have a log-probability."),
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
