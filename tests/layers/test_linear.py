"""Dense layers that are quantized: they come back from files, wherever they stand in a model."""

import warnings

import keras
import numpy as np
import pytest
from harness import array, random
from small_bert import BATCH, SIZES, build

import keras_transformers as kt
from keras_transformers.layers import Encoder, EncoderBlock, FeedForward, Linear, MultiHeadAttention

TRANSFORMER = {"source": BATCH["tokens"], "target": BATCH["tokens"]}
DATES = {"vocab_size": 29, "encoder": {"layers": 1}, "decoder": {"layers": 1}}
CLASSIFICATION = {
    "model": {**SIZES.model(), "vocab_size": SIZES.vocab_size},
    "tokenizer": {"type": "wordpiece", "vocab_size": SIZES.vocab_size},
    "task": {"type": "classification", "labels": ["ant", "bee", "cat"]},
}


def of_layer():
    block = EncoderBlock(attention=MultiHeadAttention(heads=3), feed_forward=FeedForward(hidden_dim=23))
    inputs = keras.Input((None, 21))
    return keras.Model(inputs, Encoder(block, 2)(inputs)), random(5, 7, 21)


MODELS = {
    "layer": of_layer,
    "linear": lambda: (keras.Sequential([keras.Input((21,)), Linear(11)]), random(5, 21)),
    "bert": lambda: (build(), BATCH),
    "task": lambda: (kt.build(CLASSIFICATION), BATCH),
    "transformer": lambda: (kt.build({"extends": "dates", "model": DATES}), TRANSFORMER),
}


def quantize(model, mode):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # Keras names each layer that has nothing to quantize
        model.quantize(mode)


def computed(model, inputs):
    return np.concatenate([array(one).ravel() for one in keras.tree.flatten(model(inputs))])


@pytest.mark.parametrize("name", MODELS)
def test_a_quantized_model_comes_back(tmp_path, name):
    model, inputs = MODELS[name]()
    quantize(model, "int8")
    expected = computed(model, inputs)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(computed(again, inputs), expected)


@pytest.mark.parametrize("mode", ["int8", "int4", "float8"])
def test_quantized_weights_quantize_the_model_that_reads_them(tmp_path, mode):
    model, inputs = of_layer()
    quantize(model, mode)
    expected = computed(model, inputs)
    model.save_weights(tmp_path / "model.weights.h5")
    again, _ = of_layer()
    again.load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_array_equal(computed(again, inputs), expected)


def test_the_configuration_of_the_quantization_comes_back(tmp_path):
    model, inputs = of_layer()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        model.quantize(config=keras.quantizers.Int4QuantizationConfig(block_size=7))
    expected = computed(model, inputs)
    model.save(tmp_path / "model.keras")
    np.testing.assert_array_equal(computed(keras.saving.load_model(tmp_path / "model.keras"), inputs), expected)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="only TensorFlow's graphs have unknown sizes")
def test_no_tokens_are_none():
    """Of an empty tensor no size can be inferred: TensorFlow would make it 1."""
    import tensorflow as tf

    layer = Linear(5)
    layer.build((None, 0, 7))
    call = tf.function(layer, input_signature=[tf.TensorSpec((None, 0, 7))])
    assert call(tf.zeros((3, 0, 7))).shape == (3, 0, 5)
