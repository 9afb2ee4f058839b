import keras
import numpy as np
import pytest
from close import SUMS, assert_close

import keras_transformers as kt
from keras_transformers.errors import RecipeError
from keras_transformers.models.backbone import Backbone, backbone_of, features, freeze_unread, longest_input
from keras_transformers.models.heads.pretraining import MaskedLM

SMALL = {
    "model.dim": 14,
    "model.vocab_size": 19,
    "model.encoder.layers": 1,
    "model.encoder.block.attention.heads": 2,
    "model.encoder.block.feed_forward.hidden_dim": 11,
}
TASKS = {
    "classification": ({"labels": ["a", "b", "c"]}, True),
    "tagging": ({"labels": ["a", "b", "c"], "length": 13}, False),
    "question_answering": ({"length": 13, "max_question": 3}, False),
    "sentence_embedding": ({}, False),
}
"""Each task: its parameters, and whether it reads the pooler."""


@pytest.fixture(scope="module")
def backbone():
    return kt.build("bert_tiny", {**SMALL, "tokenizer": None})


def test_features_change_nothing(backbone):
    features(backbone, "sequence", "task/tagging")
    MaskedLM(backbone, next_sentence=False)
    assert backbone.pooler.trainable
    logits = keras.layers.Dense(3)(features(backbone, "pooled", "task/classification"))
    trained = {weight.path for weight in keras.Model(backbone.input, logits).trainable_weights}
    assert {weight.path for weight in backbone.pooler.weights} <= trained


@pytest.mark.parametrize("task", TASKS)
def test_a_tasks_model_trains_the_pooler_if_it_reads_it(task):
    parameters, reads = TASKS[task]
    model = kt.build("bert_tiny", {**SMALL, "task": {"type": task, **parameters}})
    pooler = backbone_of(model).pooler
    assert pooler.trainable is reads
    assert any("pooler" in weight.path for weight in model.trainable_weights) is reads


def test_a_model_that_hands_the_pooled_vector_on_trains_it(backbone):
    freeze_unread(keras.Model(backbone.input, backbone(backbone.input)["pooled"]))
    freeze_unread(keras.Model(backbone.input, backbone(backbone.input)))
    freeze_unread(backbone)
    assert backbone.pooler.trainable


def test_an_output_that_is_not_there(backbone):
    with pytest.raises(RecipeError) as caught:
        features(backbone, "logits", "task/tagging")
    assert (
        str(caught.value) == "`task/tagging` needs a model with the output `logits`, such as `model/bert`, not a Bert."
    )


def test_a_backbone_is_known_by_its_class(backbone):
    outer = keras.Model(backbone.input, features(backbone, "pooled", "task/classification"))
    assert backbone_of(outer) is backbone_of(backbone) is backbone
    assert isinstance(kt.build("transformer_tiny", {"model.vocab_size": 19}), Backbone)
    inputs = keras.Input((3,))
    other = keras.Model(inputs, keras.layers.Dense(2)(inputs))
    other.embed = other.encoder = other.layers[-1]
    assert backbone_of(other) is None


def test_the_longest_input(backbone):
    assert longest_input(backbone) == backbone.longest_input == 512
    assert kt.build("transformer_tiny", {"model.vocab_size": 19}).longest_input is None
    inputs = keras.Input((3,))
    assert longest_input(keras.Model(inputs, keras.layers.Dense(2)(inputs)), otherwise=7) == 7


def test_it_is_reloaded_with_what_it_trains(tmp_path):
    """A model of masked tokens alone, saved and loaded, has no weights without a gradient."""
    model = MaskedLM(kt.build("bert_tiny", {**SMALL, "tokenizer": None}), next_sentence=False)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert not backbone_of(again).pooler.trainable
    ids = np.array([[5, 3, 2]], "int32")
    inputs = {"tokens": ids, "segments": 0 * ids, "positions": ids[:, :1] - 5}
    assert_close(np.array(again(inputs)["masked"]), np.array(model(inputs)["masked"]), SUMS)
