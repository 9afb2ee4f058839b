"""Segmentations drawn at random: their probabilities are those of the papers."""

import itertools
from collections import Counter

import numpy as np
import pytest
from given_models import given_model, model_of

from keras_transformers.errors import RecipeError
from keras_transformers.text import Characters, SentencePiece
from keras_transformers.text.sampling import Sampling

PIECES = {"a": -1.0, "b": -1.5, "c": -2.0, "ab": -2.2, "bc": -2.4, "abc": -3.1}
DRAWS = 5000
TOO_RARE = 45.0  # chi-square of at most 7 degrees of freedom: less likely than 1e-6


def tokenizer_of(path, folder, sample):
    tokenizer = SentencePiece(model=str(path), sample=sample)
    tokenizer.train([], folder)
    return tokenizer


def segmentations(text):
    """Return all ways to cut a text into pieces that there are."""
    found = []
    for cuts in itertools.product([False, True], repeat=len(text) - 1):
        ends = [number + 1 for number, cut in enumerate(cuts) if cut] + [len(text)]
        parts = tuple(text[first:end] for first, end in zip([0, *ends], ends))
        if all(part in PIECES for part in parts):
            found.append(parts)
    return found


def counts(tokenizer, text, draws=DRAWS):
    drawn = tokenizer.draw([text] * draws, range(1, draws + 1))
    return Counter(tuple(tokenizer.pieces(ids.tolist())) for ids in drawn)


def chi_square(found, probabilities):
    total = sum(found.values())
    return sum((found[one] - total * share) ** 2 / (total * share) for one, share in probabilities.items())


@pytest.mark.parametrize(("alpha", "nbest"), [(1.0, None), (0.25, None), (0.5, 3)])
def test_unigram_draws_by_the_powers_of_probabilities(alpha, nbest, tmp_path):
    """Kudo 2018: P(x)^alpha, of all segmentations or of the most probable ones."""
    model_of(PIECES, tmp_path / "spm.model")
    tokenizer = tokenizer_of(tmp_path / "spm.model", tmp_path / "vocabulary", Sampling(alpha, nbest))
    scores = {parts: sum(PIECES[part] for part in parts) for parts in segmentations("abcb")}
    assert len(scores) == 4
    kept = dict(sorted(scores.items(), key=lambda item: -item[1])[:nbest])
    weights = {parts: np.exp(alpha * score) for parts, score in kept.items()}
    probabilities = {parts: weight / sum(weights.values()) for parts, weight in weights.items()}
    found = counts(tokenizer, "abcb")
    assert set(found) == set(probabilities)
    assert chi_square(found, probabilities) < TOO_RARE


@pytest.mark.parametrize("alpha", [0.1, 0.5])
def test_bpe_leaves_out_that_share_of_merges(alpha, tmp_path):
    """Provilkov et al. 2020: each merge is left out with the probability alpha, on its own."""
    model_of({"xy": -1.0, "x": -2.0, "y": -3.0}, tmp_path / "spm.model", "BPE")
    tokenizer = tokenizer_of(tmp_path / "spm.model", tmp_path / "vocabulary", Sampling(alpha))
    found = counts(tokenizer, "xy")
    probabilities = {("xy",): 1 - alpha, ("x", "y"): alpha}
    assert set(found) == set(probabilities)
    assert chi_square(found, probabilities) < TOO_RARE


def test_bpe_without_any_merge_is_characters(tmp_path, sentences):
    given_model(sentences, tmp_path / "spm.model", model_type="bpe")
    tokenizer = tokenizer_of(tmp_path / "spm.model", tmp_path / "vocabulary", Sampling(alpha=1.0))
    (ids,) = tokenizer.draw(["The cat"], [3])
    assert tokenizer.pieces(ids.tolist()) == list("▁The▁cat")


@pytest.mark.parametrize("special", ["sentencepiece", "t5", "ours"])
@pytest.mark.parametrize("model_type", ["unigram", "bpe"])
def test_what_is_drawn_says_the_text(special, model_type, tmp_path, sentences):
    processor = given_model(sentences, tmp_path / "spm.model", special, model_type=model_type)
    tokenizer = tokenizer_of(tmp_path / "spm.model", tmp_path / "vocabulary", Sampling())
    drawn = tokenizer.draw(sentences, range(len(sentences)))
    assert any(ids.tolist() != whole for ids, whole in zip(drawn, tokenizer.encode(sentences).to_list()))
    import tensorflow as tf

    ids = tf.ragged.constant([ids.tolist() for ids in drawn], dtype=tf.int32)
    said = [text.decode() for text in tokenizer.detokenize(ids).numpy()]
    assert said == processor.decode(processor.encode(sentences))


def test_a_seed_draws_the_same_whatever_was_drawn_before(tmp_path, sentences):
    given_model(sentences, tmp_path / "spm.model")
    tokenizer = tokenizer_of(tmp_path / "spm.model", tmp_path / "vocabulary", Sampling())
    seeds = [7, 2**32 - 2, 0, *range(11, 38)]
    first = [ids.tolist() for ids in tokenizer.draw(sentences, seeds)]
    assert [ids.tolist() for ids in tokenizer.draw(sentences, seeds)] == first
    assert [ids.tolist() for ids in tokenizer.draw(sentences[::-1], seeds[::-1])] == first[::-1]
    assert [ids.tolist() for ids in tokenizer.draw(sentences, range(30))] != first


def test_others_have_nothing_to_draw():
    assert Characters().sample is None
    with pytest.raises(NotImplementedError, match="Characters has one segmentation of each text"):
        Characters().draw(["a"], [1])


def test_a_language_model_has_one_segmentation():
    import keras_transformers as kt

    with pytest.raises(RecipeError) as raised:
        kt.load_recipe("gpt_tiny", ["tokenizer.sample={}"])
    assert "`sample` must be null for `task/language_model`" in str(raised.value)
