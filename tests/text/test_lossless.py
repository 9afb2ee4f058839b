"""A lossless SentencePiece: ids give the very text back."""

import awkward
import pytest
import tensorflow as tf
from round_trip import save

from keras_transformers.errors import DataError
from keras_transformers.text import SentencePiece

LEARNT = ["def f(x):\n    return x  # two spaces\n", "The cat sat.\n\nThe  dog ran.\tA tab, a ▁ sign."] * 9
SPACES = ["", " ", "   ", " The", "cat ", "\n\n", "The\tcat\r\n"]
TEXTS = [*SPACES, "▁The▁ cat", "<s> </s> <unk> <0x41>", "⁇ ▅ 😀 你好", "\0a\0"]


@pytest.fixture(scope="module", params=["unigram", "bpe"])
def tokenizer(request, tmp_path_factory):
    made = SentencePiece(vocab_size=320, model_type=request.param, lossless=True)
    made.train(LEARNT, tmp_path_factory.mktemp("lossless"))
    return made


@pytest.mark.parametrize("texts", [LEARNT, TEXTS, awkward.strings(400)], ids=["learnt", "chosen", "random"])
def test_ids_give_the_very_text_back(tokenizer, texts):
    found = tokenizer.detokenize(tokenizer.encode(texts)).numpy()
    assert [text.decode() for text in found] == texts
    assert tokenizer.normalize(texts) == texts


def test_what_begins_with_a_space_is_told_from_what_does_not(tokenizer):
    with_space, without = tokenizer.encode([" The", "The"]).to_list()
    assert with_space != without


def test_the_same_in_a_saved_model(tokenizer, tmp_path):
    save(tokenizer, tmp_path)
    answer = tf.saved_model.load(str(tmp_path)).signatures["serving_default"](text=tf.constant(TEXTS))
    assert [text.decode() for text in answer["text"].numpy()] == TEXTS


def test_too_few_ids_for_bytes_and_characters(tmp_path):
    with pytest.raises(DataError, match=r"`vocab_size` must be at least 2\d\d, .* but is 97"):
        SentencePiece(vocab_size=97, lossless=True).train(LEARNT, tmp_path)
