import keras
import numpy as np
import pytest
from close import NETWORK, assert_close

from keras_transformers import build
from keras_transformers.models.heads.pretraining import gathered

BATCH, LENGTH, PLACES, DIM, SIZE = 3, 7, 2, 16, 31
TINY = {
    "model.dim": DIM,
    "model.encoder.block.attention.heads": 2,
    "model.encoder.block.feed_forward.hidden_dim": 29,
    "model.position.max_length": 11,
    "data.max_length": 11,
    "tokenizer.vocab_size": SIZE,
    "training.precision": "float32",
}


@pytest.fixture(scope="module")
def model():
    return build("pretrain_pydocs", TINY)


@pytest.fixture
def inputs():
    rng = np.random.default_rng(3)
    tokens = rng.integers(5, SIZE, (BATCH, LENGTH)).astype("int32")
    positions = rng.integers(0, LENGTH, (BATCH, PLACES)).astype("int32")
    return {"tokens": tokens, "segments": np.zeros_like(tokens), "positions": positions}


def test_only_the_places_asked_for_are_answered(model, inputs):
    found = model(inputs)
    assert found["masked"].shape == (BATCH, PLACES, SIZE)
    assert found["next"].shape == (BATCH, 2)
    other = model({**inputs, "positions": inputs["positions"][:, :1]})
    assert_close(other["masked"], found["masked"][:, :1], NETWORK)
    states = np.random.default_rng(5).normal(size=(BATCH, LENGTH, DIM)).astype("float32")
    wanted = np.take_along_axis(states, inputs["positions"][:, :, None], axis=1)
    np.testing.assert_array_equal(gathered(states, inputs["positions"]), wanted)


def test_the_output_is_tied_to_the_embedding(model, inputs):
    sizes = [int(np.prod(weight.shape)) for weight in model.weights if SIZE in weight.shape]
    assert sorted(sizes) == [SIZE, SIZE * DIM]  # the bias and the one table
    before = model(inputs)["masked"]
    table = model.backbone.embed.embedding.table
    shift = np.zeros((SIZE, DIM), "float32")
    shift[29, 0] = 1.0  # an id that the inputs lack
    inputs["tokens"][inputs["tokens"] == 29] = 30
    table.assign_add(shift)
    changed = np.abs(model(inputs)["masked"] - before).max(axis=(0, 1)) > 1e-4
    table.assign_sub(shift)
    assert changed[29]


def test_without_pairs_there_is_no_judgement_and_no_idle_pooler():
    model = build("pretrain_pydocs", {**TINY, "task.next_sentence": False})
    assert set(model.output) == {"masked"}
    assert not any("pooler" in weight.path for weight in model.trainable_weights)


def test_it_survives_saving(model, inputs, tmp_path):
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    for name, wanted in model(inputs).items():
        assert_close(again(inputs)[name], wanted, NETWORK)
    assert len(again.weights) == len(model.weights)
