import json

import keras
import numpy as np
import pytest
from close import NETWORK, SUMS, assert_close

import keras_transformers as kt
from keras_transformers.errors import RecipeError
from keras_transformers.layers import LayerNorm
from keras_transformers.runs.model import dtype_policy
from keras_transformers.tasks.question_answering import QuestionAnswering

B, T, V = 3, 7, 19
SMALL = {
    "tokenizer": None,
    "model.vocab_size": V,
    "model.dim": 26,
    "model.encoder.layers": 2,
    "model.encoder.block.attention.heads": 2,
    "model.encoder.block.feed_forward.hidden_dim": 17,
    "model.position.max_length": 11,
    "model.segments": 3,
}
RNG = np.random.default_rng(0)


def small(**changes):
    return kt.build("bert_base", {**SMALL, **changes})


@pytest.fixture(scope="module")
def model():
    return small()


def batch():
    tokens = RNG.integers(1, V, (B, T)).astype("int32")
    tokens[1, 5:] = 0
    return {"tokens": tokens, "segments": RNG.integers(0, 3, (B, T)).astype("int32")}


def arrays(outputs):
    return {name: keras.ops.convert_to_numpy(one) for name, one in outputs.items()}


@pytest.mark.parametrize(
    ("recipe", "parameters"),
    [
        ("bert_tiny", 4_385_920),
        ("bert_mini", 11_170_560),
        ("bert_small", 28_763_648),
        ("bert_base", 109_482_240),
        ("bert_large", 335_141_888),
        ("minilm", 22_713_216),
    ],
)
def test_parameters(recipe, parameters):
    tree = kt.load_recipe(recipe).tree
    layers, words = tree["model"]["encoder"]["layers"], tree["tokenizer"]["vocab_size"]
    # All layers are alike, and so are all rows of the table: few of each are built.
    small = {"model.vocab_size": 1, "tokenizer": None}
    one, two = (kt.build(recipe, {**small, "model.encoder.layers": count}).count_params() for count in (1, 2))
    assert one + (layers - 1) * (two - one) + (words - 1) * tree["model"]["dim"] == parameters
    assert f"{parameters:,} parameters" in kt.load_recipe(recipe).path.read_text(encoding="utf-8")


def test_inputs_and_outputs(model):
    assert {name: (one.shape, one.dtype) for name, one in model.input.items()} == {
        "tokens": ((None, None), "int32"),
        "segments": ((None, None), "int32"),
    }
    assert {name: one.shape for name, one in model.output.items()} == {
        "sequence": (None, None, 26),
        "pooled": (None, 26),
    }
    assert {name: one.shape for name, one in arrays(model(batch())).items()} == {
        "sequence": (B, T, 26),
        "pooled": (B, 26),
    }


def test_padding_changes_nothing(model):
    data = batch()
    short = arrays(model({name: one[1:2, :5] for name, one in data.items()}))
    padded = arrays(model(data))
    assert_close(padded["sequence"][1, :5], short["sequence"][0], NETWORK)
    assert_close(padded["pooled"][1], short["pooled"][0], NETWORK)


def test_segments_and_order_are_seen(model):
    data = batch()
    expected = arrays(model(data))["pooled"]
    other = {**data, "segments": (data["segments"] + 1) % 3}
    turned = {name: one[:, ::-1] for name, one in data.items()}
    for changed in (other, turned):
        assert np.abs(arrays(model(changed))["pooled"] - expected).max() > 1e-4


def test_the_pooler_reads_the_first_token(model):
    outputs = arrays(model(batch()))
    kernel, bias = (keras.ops.convert_to_numpy(one) for one in (model.pooler.kernel, model.pooler.bias))
    assert_close(np.tanh(outputs["sequence"][:, 0] @ kernel + bias), outputs["pooled"], SUMS)


def test_all_kernels_begin_truncated_normal():
    model = small(**{"model.dim": 130})  # large enough to tell
    kernels = [one for one in model.weights if len(one.shape) == 2]
    assert len(kernels) == 3 + 2 * 6 + 1
    for kernel in kernels:
        values = keras.ops.convert_to_numpy(kernel)
        assert np.abs(values).max() <= 0.0401, kernel.path
        assert 0.0155 < values.std() < 0.0195, kernel.path


def test_norm_is_layer_normalization_unless_said():
    assert isinstance(small(**{"model.norm": None}).embed.norm, LayerNorm)
    assert small().embed.norm.epsilon == 1e-12


def test_dropout_acts_in_training_only(model):
    data = batch()
    np.testing.assert_array_equal(arrays(model(data))["pooled"], arrays(model(data, training=False))["pooled"])
    assert np.abs(arrays(model(data, training=True))["pooled"] - arrays(model(data))["pooled"]).max() > 1e-3


def test_it_is_saved_and_reloaded(model, tmp_path):
    data = batch()
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    for name, value in arrays(again(data)).items():
        assert_close(value, arrays(model(data))[name], NETWORK)
    assert json.dumps(again.get_config()) == json.dumps(model.get_config())


def test_it_is_a_part_of_another_model(model, tmp_path):
    logits = keras.layers.Dense(5, name="classifier")(model(model.input)["pooled"])
    outer = keras.Model(model.input, logits)
    data = batch()
    expected = keras.ops.convert_to_numpy(outer(data))
    outer.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert_close(keras.ops.convert_to_numpy(again(data)), expected, NETWORK)


def test_mixed_precision():
    with dtype_policy("mixed_bfloat16"):
        model = small()
    assert {one.dtype for one in model.trainable_weights} == {"float32"}
    assert keras.backend.standardize_dtype(model(batch())["pooled"].dtype) == "bfloat16"


@pytest.mark.parametrize(
    "task", [{"type": "question_answering", "length": 11, "max_question": 3}, {"type": "masked_lm", "length": 11},
             {"type": "classification", "labels": ["a", "b"], "pair": True}]
)  # fmt: skip
def test_two_texts_need_two_segments(task):
    with pytest.raises(RecipeError) as caught:
        small(**{"model.segments": 1, "tokenizer": {"type": "wordpiece", "vocab_size": V}, "task": task})
    (problem,) = caught.value.problems
    when = {"masked_lm": " with `next_sentence: true`", "classification": " with `pair: true`"}.get(task["type"], "")
    assert (problem.path, problem.message) == (
        "model.segments", f"`segments` must be at least 2 for `task/{task['type']}`{when}, but is 1.",
    )  # fmt: skip


def test_a_model_made_by_hand_needs_them_too():
    with pytest.raises(RecipeError) as caught:
        QuestionAnswering(length=11, max_question=3).model(small(**{"model.segments": 1}))
    assert str(caught.value) == (
        "`task/question_answering` reads two texts: `model.segments` must be at least 2, but is 1."
    )


def test_keras_clones_it(model):
    clone = keras.models.clone_model(model)
    clone.set_weights(model.get_weights())
    inputs = batch()
    found = arrays(clone(inputs))
    for name, expected in arrays(model(inputs)).items():
        assert_close(found[name], expected, NETWORK)
