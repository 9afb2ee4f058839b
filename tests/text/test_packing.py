"""Texts and pairs as BERT reads them."""

import json
import random
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from tokenizers import BertWordPieceTokenizer

import keras_transformers
from keras_transformers.text import WordPiece
from keras_transformers.text.packing import cut_notes, pack

SHARED = Path(keras_transformers.__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="module")
def letters(tmp_path_factory):
    folder = tmp_path_factory.mktemp("letters")
    (folder / "vocab.txt").write_text("[PAD]\nx\ny\n[CLS]\n[UNK]\n[SEP]\n[MASK]\n")
    tokenizer = WordPiece(7)
    tokenizer.load(folder)
    return tokenizer, BertWordPieceTokenizer(str(folder / "vocab.txt"))


def test_one_text(letters):
    tokenizer, _ = letters
    ids, segments = pack(tokenizer, tf.constant(["x y", "", "y y y y"]), max_length=5)
    assert ids.to_list() == [[3, 1, 2, 5], [3, 5], [3, 2, 2, 2, 5]]
    assert segments.to_list() == [[0, 0, 0, 0], [0, 0], [0, 0, 0, 0, 0]]
    assert ids.dtype == segments.dtype == tf.int32


@pytest.mark.parametrize("max_length", [3, 4, 5, 7, 8, 13, 31])
def test_pairs_are_cut_as_the_reference_cuts_them(max_length, letters):
    tokenizer, reference = letters
    draw = random.Random(max_length)
    pairs = [(" ".join("x" * draw.randrange(17)), " ".join("y" * draw.randrange(17))) for _ in range(101)]
    reference.enable_truncation(max_length)
    expected = reference.encode_batch(pairs)
    ids, segments = pack(tokenizer, *(tf.constant(side) for side in zip(*pairs)), max_length)
    assert ids.to_list() == [row.ids for row in expected]
    assert segments.to_list() == [row.type_ids for row in expected]


def test_graph_agrees_with_eager(letters):
    tokenizer, _ = letters
    traced = tf.function(
        lambda first, second: pack(tokenizer, first, second, 7), input_signature=[tf.TensorSpec([None], tf.string)] * 2
    )
    sides = tf.constant(["x y x y y", "", "x"]), tf.constant(["y y y", "x x x x x x x", ""])
    assert [one.to_list() for one in traced(*sides)] == [one.to_list() for one in pack(tokenizer, *sides, 7)]


def test_ids_instead_of_texts(letters):
    tokenizer, _ = letters
    texts, others = tf.constant(["x", "y x"]), tf.constant(["y", ""])
    mine = pack(tokenizer, tokenizer.tokenize(texts), tokenizer.tokenize(others))
    assert [one.to_list() for one in mine] == [one.to_list() for one in pack(tokenizer, texts, others)]


def test_no_rows(letters):
    ids, segments = pack(letters[0], tf.constant([], tf.string), tf.constant([], tf.string))
    assert ids.to_list() == segments.to_list() == []


def test_no_room(letters):
    with pytest.raises(ValueError, match=r"^`max_length` must be at least 3, but is 2.$"):
        pack(letters[0], tf.constant(["x"]), tf.constant(["y"]), max_length=2)


def test_notes():
    assert cut_notes("data.train", [2, 5, 7], 7) == []
    assert cut_notes("data.train", [], 7) == []
    assert cut_notes("data.train", [2, 11, 7, 8], 7) == [
        "data.train: 2 of 4 texts are longer than `data.max_length` (7 tokens) and were cut; the longest has 11."
    ]


def test_what_transformers_reads(tmp_path):
    golden, vocabulary = SHARED / "goldens" / "minilm", SHARED / "data" / "bert" / "vocab-uncased-en.txt"
    if not (vocabulary.is_file() and golden.with_suffix(".npz").is_file()):
        pytest.skip(f"{golden}.npz or {vocabulary} is not there: neither is part of the project")
    (tmp_path / "vocab.txt").symlink_to(vocabulary)
    tokenizer = WordPiece(30522)
    tokenizer.load(tmp_path)
    texts = json.loads(golden.with_suffix(".json").read_text(encoding="utf-8"))
    with np.load(golden.with_suffix(".npz")) as arrays:
        for kind, sides in (("single", [texts["single"]]), ("pairs", zip(*texts["pairs"]))):
            ids, segments = pack(tokenizer, *(tf.constant(list(side)) for side in sides))
            np.testing.assert_array_equal(ids.to_tensor(), arrays[f"{kind}_token_ids"])
            np.testing.assert_array_equal(segments.to_tensor(), arrays[f"{kind}_segment_ids"])
