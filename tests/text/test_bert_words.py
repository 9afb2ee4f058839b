"""BERT's words are the reference's: its normalizer's and pre-tokenizer's."""

import numpy as np
import pytest
import tensorflow as tf
from awkward import strings
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

from keras_transformers.text.bert_characters import CODES, REMOVED, SPACE, rules
from keras_transformers.text.bert_words import BertWords, stand_in

ways = pytest.mark.parametrize(
    ("lowercase", "strip_accents"), [(True, True), (True, False), (False, True), (False, False)]
)


def reference(texts, lowercase, strip_accents):
    normalizer, splitter = BertNormalizer(lowercase=lowercase, strip_accents=strip_accents), BertPreTokenizer()
    return [[word for word, _ in splitter.pre_tokenize_str(normalizer.normalize_str(text))] for text in texts]


def cut(words, texts):
    """Return the words of each text, as lists of str."""
    found = words(tf.constant(texts))
    rows = [[] for _ in texts]
    for row, word in zip(found.rows.numpy(), tf.strings.unicode_encode(found.letters, "UTF-8").numpy()):
        rows[row].append(word.decode())
    return rows


@ways
def test_every_character(lowercase, strip_accents):
    # Of the large blocks, which are alike within, some: ideographs, Hangul, private use, unassigned.
    codes = [*range(0x3400), *range(0x3400, 0xF900, 23), *range(0xF900, 0x12800), *range(0x12800, CODES, 53)]
    codes += [*range(0xA000, 0xAC00), *range(0x16E00, 0x17000), *range(0x1BC00, 0x1F000), *range(0xE0000, 0xE0200)]
    codes = [code for code in codes if not 0xD800 <= code < 0xE000]  # surrogates are no characters
    texts = ["\n".join(f"a{chr(code)}b" for code in codes[i : i + 997]) for i in range(0, len(codes), 997)]
    assert cut(BertWords(lowercase, strip_accents), texts) == reference(texts, lowercase, strip_accents)


@ways
def test_awkward_strings(lowercase, strip_accents):
    texts = [text.replace("[", "").replace("]", "") for text in strings(2003)]  # the names of special pieces: below
    assert cut(BertWords(lowercase, strip_accents), texts) == reference(texts, lowercase, strip_accents)


@ways
def test_a_character_has_letters_unless_it_is_removed(lowercase, strip_accents):
    kind, first, *further = rules(lowercase, strip_accents).T
    np.testing.assert_array_equal(first == 0, kind == REMOVED)
    assert not np.any([each[kind <= SPACE] for each in further])


def test_names_of_special_pieces():
    texts = ["[MASK]", "a[SEP]b", "[[CLS]]", "[PAD][UNK]", "[MASK", "]", "[mask]", "[MA\u00adSK]", "[", "", "MASK]"]
    mask, sep, cls, pad, unk = (stand_in(f"[{name}]") for name in ("MASK", "SEP", "CLS", "PAD", "UNK"))
    expected = [[mask], ["a", sep, "b"], ["[", cls, "]"], [pad, unk], ["[", "mask"], ["]"], ["[", "mask", "]"]]
    assert cut(BertWords(True, True), texts) == [*expected, ["[", "mask", "]"], ["["], [], ["mask", "]"]]


def test_no_text_names_a_special_piece_otherwise():
    assert cut(BertWords(True, True), [f"a{stand_in('[MASK]')}b"]) == [["ab"]]
