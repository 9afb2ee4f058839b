"""A language model: what it computes at one stroke it decodes step by step, texts apart or not."""

import json

import keras
import numpy as np
import pytest
from close import NETWORK, SUMS, assert_close
from harness import SIZES, B, D, H, array, perturb

from keras_transformers.errors import RecipeError
from keras_transformers.layers import Decoder, DecoderBlock, FeedForward, MultiHeadAttention
from keras_transformers.layers.embedding import TokenEmbedding
from keras_transformers.layers.position import LearnedPosition, SinusoidalPosition
from keras_transformers.models.language_model import LanguageModel

START, T, V = 2, 7, SIZES["vocab_size"]
LENGTHS = [3, 7, 1]
TOKENS = np.random.default_rng(0).integers(4, V, (B, T)).astype("int32")
TOKENS[:, 0] = START
ALONE = [TOKENS[row : row + 1, :length] for row, length in enumerate(LENGTHS)]
PROMPTS = np.where(np.arange(T) < np.array(LENGTHS)[:, None], TOKENS, 0)


def language_model(cross_attention=None, position=None, norm_order="pre", **options):
    keras.utils.set_random_seed(5)
    block = DecoderBlock(MultiHeadAttention(H), FeedForward(17), cross_attention, norm_order)
    position = LearnedPosition(SIZES["max_length"]) if position is None else position
    return perturb(LanguageModel(D, TokenEmbedding(V, D), Decoder(block, 2), position, **options))


def whole(model, tokens):
    return array(model({"tokens": tokens}))


@pytest.mark.parametrize(
    "options",
    [{}, {"tie": False}, {"norm_order": "post"}, {"position": SinusoidalPosition()}, {"within_documents": True}],
    ids=str,
)
def test_prompts_of_different_lengths_are_answered_as_one_by_one(options):
    model = language_model(**options)
    state = model.begin({"tokens": PROMPTS}, length=T + 2)
    ids = np.array([tokens[:, -1] for tokens in ALONE], "int32")
    said = ALONE
    for new in ([5, 6, 7], [8, 4, 9], [0, 0, 0]):
        logits, state = model.step(ids, state)
        for row, tokens in enumerate(said):
            assert_close(array(logits)[row, 0], whole(model, tokens)[0, -1], NETWORK)
        ids = np.array(new, "int32")[:, None]
        said = [np.concatenate([tokens, ids[row : row + 1]], axis=1) for row, tokens in enumerate(said)]


def test_beginnings_of_the_start_token_alone():
    model = language_model()
    state = model.begin({"tokens": TOKENS[:, :1]}, length=T)
    logits, _ = model.step(TOKENS, state)
    assert_close(array(logits), whole(model, TOKENS), NETWORK)


def test_rows_are_chosen():
    model, parents = language_model(), np.array([1, 1, 0, 2], "int32")
    state = model.begin({"tokens": PROMPTS}, length=T + 2)
    ids = np.array([tokens[:, -1] for tokens in ALONE], "int32")
    expected, _ = model.step(ids, state)
    logits, _ = model.step(ids[parents], model.choose(state, parents))
    assert_close(array(logits), array(expected)[parents], NETWORK)


def test_a_later_token_changes_nothing_before_it():
    model = language_model()
    other = TOKENS.copy()
    other[:, 4] = (other[:, 4] + 5) % V
    before, after = whole(model, TOKENS), whole(model, other)
    assert_close(after[:, :4], before[:, :4], SUMS)
    assert (np.abs(after - before)[:, 4:].max(axis=(0, 2)) > 1e-3).all()


def test_padding_at_the_end_changes_nothing():
    model = language_model()
    padded = np.pad(TOKENS, ((0, 0), (0, 3)))
    assert_close(whole(model, padded)[:, :T], whole(model, TOKENS), NETWORK)


def packed():
    """Return one row of two texts and the rest of one that began before it, each alone, and padding."""
    texts = [TOKENS[1:2, 1:4], TOKENS[:1, :5], TOKENS[2:3, :2]]
    return np.concatenate([*texts, np.zeros((1, 2), "int32")], axis=1), texts


@pytest.mark.parametrize("position", [LearnedPosition(SIZES["max_length"]), SinusoidalPosition()], ids=str)
def test_within_documents_a_packed_row_computes_what_each_text_does_alone(position):
    model = language_model(position=position, within_documents=True)
    row, texts = packed()
    found, start = whole(model, row), 0
    for text in texts:
        assert_close(found[:, start : start + text.shape[1]], whole(model, text), NETWORK)
        start += text.shape[1]


def test_otherwise_a_text_sees_those_before_it():
    model = language_model()
    row, texts = packed()
    assert np.abs(whole(model, row)[:, 3:8] - whole(model, texts[1])).max() > 1e-3


@pytest.mark.parametrize("tie", [True, False])
def test_the_output_is_the_embedding_or_one_of_its_own(tie):
    tables = [tuple(weight.shape) for weight in language_model(tie=tie).weights if V in weight.shape]
    assert tables == ([(V, D)] if tie else [(V, D), (D, V)])


@pytest.mark.parametrize("options", [{"tie": False}, {"within_documents": True, "start": 5}], ids=str)
def test_it_is_saved_and_reloaded(tmp_path, options):
    model = language_model(**options)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert type(again) is LanguageModel
    assert json.dumps(again.get_config()) == json.dumps(model.get_config())
    assert_close(whole(again, PROMPTS), whole(model, PROMPTS), NETWORK)


def test_logits_are_float32_in_mixed_precision():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        for tie in (True, False):
            assert language_model(tie=tie)({"tokens": TOKENS}).dtype in ("float32", np.float32)
    finally:
        keras.config.set_dtype_policy(before)


def test_a_decoder_that_reads_an_encoder():
    with pytest.raises(RecipeError, match="has no encoder whose output its decoder could attend to"):
        language_model(cross_attention="like_attention")


def test_a_beginning_that_is_missing():
    with pytest.raises(ValueError, match=r"must hold `tokens`, ids \(batch, length\), but holds \['text'\]"):
        language_model().begin({"text": TOKENS}, T)
