import pytest

from keras_transformers.data.batches.encode import encode_pairs
from keras_transformers.data.examples import Pairs
from keras_transformers.errors import DataError
from keras_transformers.text import Characters

TEXTS = ["abc", "", "abcde", "a"], ["ab", "abc", "a", "abcdefg"]


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    tokenizer = Characters()
    tokenizer.train([text for side in TEXTS for text in side], tmp_path_factory.mktemp("letters"))
    return tokenizer


def test_sentences_become_ids_in_order(tokenizer):
    encoded, notes = encode_pairs(Pairs(*TEXTS, notes=["read"]), tokenizer, 99, max_length=8)
    for side, texts in zip((encoded.sources, encoded.targets), TEXTS):
        assert side.lengths.tolist() == [len(text) for text in texts]
        assert side.flat.tolist() == tokenizer.tokenize(list(texts)).flat_values.numpy().tolist()
    assert notes == ["read"]


def test_what_is_too_long_is_dropped_and_reported(tokenizer):
    encoded, notes = encode_pairs(Pairs(*TEXTS), tokenizer, 99, max_length=5, name="data.train")
    assert encoded.sources.lengths.tolist() == [3, 0]
    assert encoded.targets.lengths.tolist() == [2, 3]
    assert notes == [
        "data.train: 2 of 4 pairs are longer than `data.max_length` (5 tokens) and were dropped; the longest has 8."
    ]


def test_nothing_left_is_an_error(tokenizer):
    with pytest.raises(DataError) as raised:
        encode_pairs(Pairs(*TEXTS), tokenizer, 99, max_length=2, name="data.valid")
    assert str(raised.value) == (
        "data.valid: all 4 pairs are longer than `data.max_length` (2 tokens); the longest has 8: "
        "raise it with --set data.max_length=N."
    )


def test_bounds_and_seed_are_passed_on(tokenizer):
    encoded, _ = encode_pairs(Pairs(*TEXTS), tokenizer, 31, max_length=8, seed=5)
    assert (encoded.batch_tokens, encoded.seed) == (31, 5)
