import types

import keras
import numpy as np
import pytest

from keras_transformers.api.build import build
from keras_transformers.api.train import train
from keras_transformers.errors import RecipeError
from keras_transformers.training.building import _adaptations
from keras_transformers.training.fine_tuning import Freeze, LayerDecay, decayed_rates, freeze, scale_rates
from keras_transformers.training.optimizers import Adam

SMALL = {
    "model.dim": 14,
    "model.vocab_size": 19,
    "model.encoder.layers": 3,
    "model.encoder.block.attention.heads": 2,
    "model.encoder.block.feed_forward.hidden_dim": 11,
    "task": {"type": "classification", "labels": ["a", "b", "c"]},
}


@pytest.fixture
def model():
    return build("bert_tiny", SMALL)


@pytest.mark.parametrize("blocks", [0, 2])
def test_the_lowest_blocks_are_frozen(model, blocks):
    backbone = model.layers[2]
    freeze(model, blocks)
    trained = {variable.path for variable in model.trainable_variables}
    for number, layer in enumerate([backbone.embed, *backbone.encoder.blocks, backbone.pooler]):
        paths = {variable.path for variable in layer.variables if variable.dtype == "float32"}
        assert paths & trained == (set() if number <= blocks else paths)
    assert "classifier/kernel" in trained


def test_more_blocks_than_there_are_is_all_of_them_and_told(model):
    assert freeze(model, 3) == []
    trained = {variable.path for variable in model.trainable_variables}
    said = "`training.freeze` is 7, but the encoder has 3 blocks: all are kept as they are."
    assert freeze(model, 7) == [said]
    assert {variable.path for variable in model.trainable_variables} == trained


def test_rates_fall_with_depth(model):
    rates = decayed_rates(model, 0.5)
    backbone = model.layers[2]
    for layer, rate in zip([backbone.embed, *backbone.encoder.blocks], (0.0625, 0.125, 0.25, 0.5), strict=True):
        assert {rates.pop(variable.path) for variable in layer.trainable_variables} == {rate}
    assert rates == {}


def test_a_step_is_as_long_as_its_rate(model):
    optimizer = Adam(learning_rate=0.01)
    scale_rates(optimizer, model, 0.5)
    before = [variable.numpy() for variable in model.trainable_variables]
    gradients = [keras.ops.ones(variable.shape) for variable in model.trainable_variables]
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))
    rates = decayed_rates(model, 0.5)
    for old, variable in zip(before, model.trainable_variables):
        # The first step of Adam is as long as the rate, whatever the gradient.
        np.testing.assert_allclose(old - variable.numpy(), 0.01 * rates.get(variable.path, 1.0), rtol=1e-2)


def test_an_optimizer_with_one_rate_is_refused(model):
    with pytest.raises(RecipeError, match=r"`training.layer_decay` needs an optimizer with `rate_scales`.* a SGD\.$"):
        scale_rates(keras.optimizers.SGD(), model, 0.5)


def test_a_model_without_an_encoder_is_refused():
    inputs = keras.Input((3,))
    with pytest.raises(RecipeError, match=r"need a model with an encoder, but it has none\.$"):
        freeze(keras.Model(inputs, keras.layers.Dense(2)(inputs)), 1)


def test_adaptations_of_a_recipe_are_applied_in_order(model):
    optimizer = Adam(learning_rate=0.01)
    assert Freeze(1).apply(model, optimizer) == []
    assert LayerDecay(0.5).apply(model, optimizer) == []
    frozen, *blocks = [model.layers[2].embed, *model.layers[2].encoder.blocks][1:]
    assert not frozen.trainable_variables
    assert set(optimizer.rate_scales) == {variable.path for block in blocks for variable in block.trainable_variables}


def test_they_are_made_from_settings_of_their_own_and_from_the_list():
    settings = types.SimpleNamespace(freeze=2, layer_decay=None, adaptations=[LayerDecay(0.9)])
    first, second = _adaptations(settings)
    assert (first.blocks, second.factor) == (2, 0.9)


def test_a_training_of_nothing_is_refused(quick, tmp_path, monkeypatch):
    monkeypatch.setattr(Freeze, "apply", lambda self, model, optimizer: setattr(model, "trainable", False) or [])
    with pytest.raises(RecipeError, match=r"^Nothing is left to be trained: "):
        train("dates", tmp_path / "run", {**quick, "training.freeze": 0})
    assert not (tmp_path / "run").exists()
