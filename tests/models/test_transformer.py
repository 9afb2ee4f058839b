import json

import keras
import numpy as np
import pytest
from close import NETWORK, assert_close

import keras_transformers as kt
from keras_transformers.losses.cross_entropy import TokenCrossEntropy

B, S, T, V = 3, 7, 5, 19
SMALL = {
    "model.dim": 26,
    "model.vocab_size": V,
    "model.encoder.layers": 1,
    "model.decoder.layers": 1,
    "model.encoder.block.attention.heads": 2,
    "model.decoder.block.attention.heads": 2,
    "model.decoder.block.cross_attention.heads": 2,
    "model.encoder.block.feed_forward.hidden_dim": 17,
    "model.decoder.block.feed_forward.hidden_dim": 17,
}
RNG = np.random.default_rng(0)


def small(**changes):
    return kt.build("transformer_base", {**SMALL, **changes})


def batch(size=B):
    source = RNG.integers(4, V, (size, S)).astype("int32")
    target = RNG.integers(4, V, (size, T)).astype("int32")
    source[0, 4:] = target[0, 3:] = 0
    return {"source": source, "target": target}


def parameters(recipe, overrides):
    """Return how many parameters a recipe's model has, making room for none of them."""
    with keras.StatelessScope():
        return kt.build(recipe, {"model.vocab_size": 37000, **overrides}).count_params()


def test_inputs_and_outputs():
    model = small()
    assert isinstance(model, keras.Model)
    assert set(model.input) == {"source", "target"}
    assert all((one.shape, one.dtype) == ((None, None), "int32") for one in model.input.values())
    assert (model.output.shape, model.output.dtype) == ((None, None, V), "float32")
    outputs = model(batch())
    assert tuple(outputs.shape) == (B, T, V)


def test_the_embedding_is_shared_by_source_target_and_output():
    model = small()
    tables = [weight for weight in model.weights if V in weight.shape]
    assert [tuple(one.shape) for one in tables] == [(V, 26)]


def in_both(key, value):
    return {f"model.{stack}.{key}": value for stack in ("encoder", "decoder")}


@pytest.mark.parametrize(
    ("key", "less", "more", "millions"),
    [("layers", 2, 6, 29.4), ("block.feed_forward.hidden_dim", 2048, 4096, 25.2)],
)
def test_parameters_are_those_of_the_papers_table_3(key, less, more, millions):
    added = parameters("transformer_base", in_both(key, more)) - parameters("transformer_base", in_both(key, less))
    assert round(added / 1e6, 1) == millions


@pytest.mark.parametrize(("recipe", "millions"), [("transformer_base", 65), ("transformer_big", 213)])
def test_parameters_in_all(recipe, millions):
    assert parameters(recipe, {}) / 1e6 == pytest.approx(millions, rel=0.04)


def test_it_fits_as_any_keras_model_and_is_reloaded_with_its_optimizer(tmp_path):
    model, data = small(**{"model.dropout": 0.0}), batch(29)
    labels = np.where(data["target"] > 0, (data["target"] + 1) % V, 0)
    model.compile(optimizer=keras.optimizers.Adam(1e-2), loss=TokenCrossEntropy(label_smoothing=0.1))

    losses = model.fit(data, labels, batch_size=29, epochs=12, verbose=0).history["loss"]
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")

    assert losses[0] > 2.0
    assert losses[-1] < 0.7 * losses[0]
    assert int(again.optimizer.iterations) == 12
    assert again.loss.label_smoothing == 0.1
    assert float(again.loss(labels, again(data))) == pytest.approx(losses[-1], rel=0.2)


def test_it_fits_and_predicts_in_mixed_precision():
    model, data = small(**{"training.precision": "mixed_bfloat16"}), batch()
    model.compile("adam", TokenCrossEntropy(), jit_compile=False)

    assert np.isfinite(model.fit(data, data["target"], verbose=0).history["loss"]).all()
    logits = model.predict(data, verbose=0)

    assert (logits.shape, logits.dtype) == ((B, T, V), np.float32)
    assert {weight.dtype for weight in model.trainable_weights} == {"float32"}


@pytest.mark.parametrize("changes", [{}, {"model.position": None}], ids=["sinusoidal", "no_position"])
def test_it_is_saved_and_reloaded(tmp_path, changes):
    model, data = small(**changes), batch()
    expected = np.array(model(data))

    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")

    assert type(again) is type(model)
    assert_close(np.array(again(data)), expected, NETWORK)
    assert json.dumps(again.get_config()) == json.dumps(model.get_config())
    logits, _ = again.step(data["target"][:, :1], again.begin({"source": data["source"]}, T))
    assert_close(np.array(logits), expected[:, :1], NETWORK)


def test_without_positions_the_encoder_sees_no_order():
    model, data = small(**{"model.position": None}), batch()
    data["source"] = np.maximum(data["source"], 4)
    turned = {**data, "source": data["source"][:, ::-1]}
    assert_close(np.array(model(turned)), np.array(model(data)), NETWORK)
    ordered = small()
    assert np.abs(np.array(ordered(turned)) - np.array(ordered(data))).max() > 1e-3


def test_dropout_acts_in_training_only():
    model, data = small(), batch()
    np.testing.assert_array_equal(np.array(model(data)), np.array(model(data, training=False)))
    assert np.abs(np.array(model(data, training=True)) - np.array(model(data))).max() > 1e-3
