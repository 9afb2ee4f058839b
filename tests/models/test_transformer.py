import json

import keras
import numpy as np
import pytest
from close import NETWORK, assert_close

import keras_transformers as kt
from keras_transformers.decoding import Greedy
from keras_transformers.errors import RecipeError
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


SOURCES = 23
UNTIED = {
    "target": {"model.tie": "target", "model.source_vocab_size": SOURCES},
    "none": {"model.tie": "none", "model.source_vocab_size": SOURCES, "model.output_bias": True},
    "none_with_one_vocabulary": {"model.tie": "none", "model.position": {"type": "learned", "max_length": 256}},
    "started_by_padding": {"model.tie": "target", "model.start": 0},
}


def untied(kind):
    model, data = small(**UNTIED[kind]), batch()
    for weight in model.trainable_weights:  # a bias of zeros would hide what it does
        weight.assign_add(0.1 * RNG.normal(size=weight.shape))
    data["source"][1, 2] = model.source_vocab_size - 1 if model.source_vocab_size else V - 1
    data["target"][:, 0] = model.start
    return model, data


def test_embeddings_that_are_not_shared_are_counted_each():
    tied = small().count_params()
    assert small(**UNTIED["target"]).count_params() == tied + SOURCES * 26
    assert small(**UNTIED["none"]).count_params() == tied + SOURCES * 26 + 26 * V + V
    assert small(**{"model.output_bias": True}).count_params() == tied + V


@pytest.mark.parametrize("kind", UNTIED)
def test_step_by_step_equals_the_whole_pass_whatever_is_tied(kind):
    model, data = untied(kind)
    expected = np.array(model(data))

    state, found = model.begin({"source": data["source"]}, T), []
    for index in range(T):
        logits, state = model.step(data["target"][:, index : index + 1], state)
        found.append(np.array(logits))

    assert_close(np.concatenate(found, axis=1), expected, NETWORK)


@pytest.mark.parametrize("kind", UNTIED)
def test_rows_go_on_from_beginnings_of_their_own_whatever_is_tied(kind):
    model, data = untied(kind)
    said = [1, 4, 2]
    beginnings = np.where(np.arange(4) < np.array(said)[:, None], data["target"][:, :4], 0).astype("int32")

    state = model.begin({"source": data["source"], "target": beginnings}, 4)
    last = np.array([beginnings[row, length - 1] for row, length in enumerate(said)])
    logits, state = model.step(last[:, None], state)

    for row, length in enumerate(said):
        alone = {"source": data["source"][row : row + 1], "target": beginnings[row : row + 1, :length]}
        assert_close(np.array(logits)[row, 0], np.array(model(alone))[0, -1], NETWORK)


def test_a_matrix_of_its_own_and_a_bias_make_the_logits():
    model, data = untied("none")
    output = model.get_layer("logits")
    before = np.array(model(data))
    kernel, bias = (keras.ops.convert_to_numpy(weight) for weight in (output.kernel, output.bias))

    output.bias.assign(bias + np.arange(V))
    assert_close(np.array(model(data)) - before, np.broadcast_to(np.arange(V), before.shape), NETWORK)
    output.kernel.assign(2 * kernel)
    output.bias.assign(0 * bias)
    assert_close(np.array(model(data)), 2 * (before - bias), NETWORK)


def test_an_output_begins_with_the_models_start_token():
    model = small(**{"model.start": 3})
    source = batch()["source"]
    ids = Greedy()(model, source).ids[:, 0]
    begun = np.full((B, 1), 3, "int32")
    logits = np.array(model({"source": source, "target": begun}))[:, 0]
    logits[:, 0] = -np.inf
    np.testing.assert_array_equal(np.array(ids)[:, 0], logits.argmax(axis=1))


def test_one_embedding_needs_one_vocabulary():
    with pytest.raises(RecipeError) as error:
        small(**{"model.source_vocab_size": SOURCES})
    assert "`source_vocab_size` must be `vocab_size` (19) for `tie: all`, but is 23." in str(error.value)


def test_a_layer_that_shares_the_embedding_is_not_copied_alone():
    with pytest.raises(NotImplementedError, match=r"from_config\(model\.get_config\(\)\)"):
        keras.models.clone_model(small())


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


@pytest.mark.parametrize("changes", [{}, UNTIED["none"]], ids=["tied", "untied"])
def test_it_fits_and_predicts_in_mixed_precision(changes):
    model, data = small(**{"training.precision": "mixed_bfloat16", **changes}), batch()
    model.compile("adam", TokenCrossEntropy(), jit_compile=False)

    assert np.isfinite(model.fit(data, data["target"], verbose=0).history["loss"]).all()
    logits = model.predict(data, verbose=0)

    assert (logits.shape, logits.dtype) == ((B, T, V), np.float32)
    assert {weight.dtype for weight in model.trainable_weights} == {"float32"}


@pytest.mark.parametrize(
    "changes",
    [{}, {"model.position": None}, *UNTIED.values()],
    ids=["sinusoidal", "no_position", *UNTIED],
)
def test_it_is_saved_and_reloaded(tmp_path, changes):
    model, data = small(**changes), batch()
    expected = np.array(model(data))

    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")

    assert type(again) is type(model)
    assert [weight.shape for weight in again.weights] == [weight.shape for weight in model.weights]
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
