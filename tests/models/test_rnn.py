"""The recurrent encoder-decoder: what it is given, step by step, saved, with one vocabulary or two."""

import keras
import numpy as np
import pytest
from close import NETWORK, assert_close

import keras_transformers as kt
from keras_transformers.errors import RecipeError

B, S, T, V, SOURCES = 3, 7, 5, 19, 23
RNG = np.random.default_rng(0)
KINDS = {
    "without attention": {"model.decoder.attention": None},
    "additive": {"model.decoder.attention": "additive"},
    "dot, gru": {"model.decoder.attention": "dot", "model.encoder.cell": "gru", "model.decoder.cell": "gru"},
    "general, onward": {"model.decoder.attention": "general", "model.encoder.bidirectional": False},
    "two vocabularies": {"model.tie": "target", "model.source_vocab_size": SOURCES, "model.output_bias": True},
}


@pytest.fixture(params=KINDS)
def model(request):
    return built(**KINDS[request.param])


def built(**changes):
    sizes = {"model.dim": 26, "model.vocab_size": V, "model.encoder.layers": 2, "model.decoder.layers": 2}
    model = kt.build("dates_rnn", {**sizes, "model.encoder.residual": True, **changes})
    for weight in model.trainable_weights:
        weight.assign_add(0.1 * RNG.normal(size=weight.shape))
    return model


def batch():
    source = RNG.integers(4, V, (B, S)).astype("int32")
    target = RNG.integers(4, V, (B, T)).astype("int32")
    source[0, 4:] = target[0, 3:] = 0
    target[:, 0] = 2
    return {"source": source, "target": target}


def stepped(model, data, widths=(1,) * T):
    state, found, index = model.begin({"source": data["source"]}, T), [], 0
    for width in widths:
        logits, state = model.step(data["target"][:, index : index + width], state)
        found.append(np.array(logits))
        index += width
    return np.concatenate(found, axis=1)


@pytest.mark.parametrize("widths", [(1,) * T, (2, 3)], ids=str)
def test_step_by_step_equals_the_whole_pass(model, widths):
    data = batch()
    real = data["target"] > 0
    assert_close(stepped(model, data, widths)[real], np.array(model(data))[real], NETWORK)


def test_rows_go_on_from_beginnings_of_their_own(model):
    data, said = batch(), [1, 4, 2]
    beginnings = np.where(np.arange(4) < np.array(said)[:, None], data["target"][:, :4], 0).astype("int32")
    beginnings = np.where(beginnings == 0, 0, np.maximum(beginnings, 2))
    said = np.count_nonzero(beginnings, axis=1)
    state = model.begin({"source": data["source"], "target": beginnings}, 4)
    last = np.array([beginnings[row, length - 1] for row, length in enumerate(said)])
    logits, _ = model.step(last[:, None], state)
    for row, length in enumerate(said):
        alone = {"source": data["source"][row : row + 1], "target": beginnings[row : row + 1, :length]}
        assert_close(np.array(logits)[row, 0], np.array(model(alone))[0, -1], NETWORK)


def test_a_row_does_not_depend_on_its_neighbours(model):
    data = batch()
    together = np.array(model(data))
    for row, (length, said) in enumerate(zip(np.count_nonzero(data["source"], 1), np.count_nonzero(data["target"], 1))):
        alone = model(
            {"source": data["source"][row : row + 1, :length], "target": data["target"][row : row + 1, :said]}
        )
        assert_close(np.array(alone)[0], together[row, :said], NETWORK)


def test_it_is_saved_and_loaded(model, tmp_path):
    data = batch()
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(np.array(again(data)), np.array(model(data)))
    np.testing.assert_array_equal(stepped(again, data), stepped(model, data))


def test_without_attention_the_source_is_known_by_the_last_state_alone():
    """That the decoder is not told of what comes before is what the experiments on long distances count on."""
    model, data = built(**{"model.decoder.attention": None, "model.encoder.bidirectional": False}), batch()
    outputs, states = model.memorize(
        model.encoder, model.decoder, model.embed(data["source"]), data["source"][:, None, None] > 0
    )
    x = model.embed(data["target"])
    expected = np.array(model.output_layer(model.decoder(x, (0 * outputs, states))))
    assert_close(np.array(model(data)), expected, NETWORK)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"model.encoder.layers": 3},
            r"`layers` must be `model.encoder.layers` \(3\) for `model/rnn` with .*, but is 2",
        ),
        (
            {"model.decoder.cell": "gru"},
            "`cell` must be lstm for `model/rnn` with `model.encoder.cell: lstm`, but is gru",
        ),
        ({"model.dim": 33}, "`dim` must be even for `encoder/rnn` with `bidirectional: true`, but is 33"),
        ({"model.decoder.bidirectional": True}, "`decoder/rnn` has no `bidirectional`"),
        ({"model.decoder.attention": "multi_head"}, "no alignment is called `multi_head`"),
    ],
)
def test_what_does_not_fit_is_told_by_the_recipe(changes, sentence):
    with pytest.raises(RecipeError, match=sentence):
        built(**changes)


@pytest.mark.parametrize("recipe", ["transformer_tiny", "dates_rnn"])
def test_without_attention_and_without_a_state_nothing_is_heard(recipe):
    """Told when the model is made, not at its first batch."""
    plain = kt.load_recipe("transformer_tiny").tree["model"]["encoder"]
    changes = {"model.encoder": plain, "model.decoder": {"type": "rnn", "attention": None}, "model.vocab_size": V}
    with pytest.raises(RecipeError, match="hears of the source by the state that its encoder ends in alone"):
        kt.build(recipe, {**changes, "model.dim": 128})


def test_another_decoder_is_given_no_state():
    decoder = kt.load_recipe("transformer_tiny").tree["model"]["decoder"]
    changes = {"model.encoder.layers": 2, "model.decoder": decoder, "model.dim": 128, "model.vocab_size": V}
    model = kt.build("dates_rnn", changes)
    data = batch()
    real = data["target"] > 0
    assert_close(stepped(model, data)[real], np.array(model(data))[real], NETWORK)


def test_a_language_model_has_no_source():
    with pytest.raises(RecipeError, match="has no encoder whose output its decoder could attend to"):
        kt.build("gpt_tiny", {"model.decoder": {"type": "rnn", "attention": "dot"}, "model.vocab_size": V})


def test_they_stand_in_other_models_too():
    """A recurrent encoder under BERT, a recurrent decoder above an encoder of attention."""
    bert = kt.build(
        "bert_tiny", {"task": None, "model.vocab_size": V, "model.dim": 26, "model.encoder": {"type": "rnn"}}
    )
    ids = batch()["source"]
    assert tuple(bert({"tokens": ids, "segments": 0 * ids})["sequence"].shape) == (B, S, 26)
    heads = {
        f"model.{block}.heads": 2
        for block in ("encoder.block.attention", "decoder.block.attention", "decoder.block.cross_attention")
    }
    decoder = {"model.decoder": {"type": "rnn", "attention": "general"}}
    sizes = {"model.dim": 26, "model.vocab_size": V}
    encoder = kt.load_recipe("transformer_tiny", sizes | heads).tree["model"]["encoder"]
    for model in (
        kt.build("transformer_tiny", {**sizes, "model.encoder.block.attention.heads": 2, **decoder}),
        built(**{"model.encoder": encoder}),
    ):
        data = batch()
        real = data["target"] > 0
        assert_close(stepped(model, data)[real], np.array(model(data))[real], NETWORK)
