"""WordPiece gives the reference's ids (PyPI `tokenizers`) for whatever text."""

from pathlib import Path

import pytest
import tensorflow as tf
from awkward import strings
from tokenizers import BertWordPieceTokenizer

import keras_transformers
from keras_transformers.errors import DataError
from keras_transformers.text import WordPiece
from keras_transformers.text.special import BOS, EOS, UNK

VOCABULARIES = Path(keras_transformers.__file__).resolve().parents[2] / "shared" / "data" / "bert"
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


@pytest.fixture(scope="module")
def awkward():
    return strings(3001)


def write(folder, *pieces):
    (folder / "vocab.txt").write_bytes("\n".join(pieces).encode())
    return folder


def load(folder, **settings):
    tokenizer = WordPiece(30522, **settings)
    tokenizer.load(folder)
    return tokenizer


def assert_as_reference(tokenizer, reference, texts):
    """Compare ids of all texts, and bytes where the text is its own normalized order."""
    ids, starts, ends = (one.to_list() for one in tokenizer.tokenize_with_offsets(tf.constant(texts)))
    assert ids == tokenizer.encode(texts).to_list()
    for row, text in enumerate(texts):
        expected = reference.encode(text, add_special_tokens=False)
        assert ids[row] == expected.ids, ascii(text)
        if any(0x1D165 <= ord(character) <= 0x1D172 for character in text):
            continue  # the reference sorts some marks of musical notes, and then names the bytes of another
        bytes_before = [0]
        for character in text:
            bytes_before.append(bytes_before[-1] + len(character.encode()))
        places = [(bytes_before[start], bytes_before[end]) for start, end in expected.offsets]
        assert list(zip(starts[row], ends[row])) == places, ascii(text)


@pytest.mark.parametrize("settings", [{}, {"lowercase": False}, {"strip_accents": False}], ids=str)
def test_awkward_strings(settings, awkward, tmp_path):
    # Learnt from the strings themselves, so that few letters are unknown: an unknown word would hide its letters.
    tokenizer = WordPiece(9973, **settings)
    tokenizer.train(awkward[::2], tmp_path)
    reference = BertWordPieceTokenizer(
        str(tmp_path / "vocab.txt"),
        lowercase=settings.get("lowercase", True),
        strip_accents=settings.get("strip_accents"),
    )
    assert_as_reference(tokenizer, reference, awkward)


@pytest.mark.parametrize("name", ["uncased-en", "chinese"])
def test_published_vocabularies(name, awkward, tmp_path):
    file = VOCABULARIES / f"vocab-{name}.txt"
    if not file.is_file():
        pytest.skip(f"{file} is not there: BERT's vocabularies are not part of the project")
    (tmp_path / "vocab.txt").symlink_to(file)
    tokenizer = load(tmp_path)
    assert (tokenizer.unknown, tokenizer.cls, tokenizer.sep, tokenizer.mask) == (100, 101, 102, 103)
    assert tokenizer.size == len(tokenizer.vocabulary) == {"uncased-en": 30522, "chinese": 21128}[name]
    assert_as_reference(tokenizer, BertWordPieceTokenizer(str(file)), awkward)


def test_vocabulary_of_other_special_ids_and_odd_lines(tmp_path):
    # Lines that are empty, twice there or a bare ## keep their number; only \n ends a line.
    pieces = ["[PAD]", "a", "##b", "", "a", "##", "[MASK]", "[SEP]", "[UNK]", "[CLS]", "\u2028", "é", "[unused1]", "b"]
    tokenizer = load(write(tmp_path, *pieces), lowercase=False)
    assert tokenizer.vocabulary == pieces
    assert isinstance(tokenizer.vocabulary, list)
    assert (tokenizer.size, tokenizer.unknown, tokenizer.cls, tokenizer.sep, tokenizer.mask) == (14, 8, 9, 7, 6)
    texts = ["a ab abb é c ## [MASK] [unused1]", "b a[SEP]"]
    reference = BertWordPieceTokenizer(str(tmp_path / "vocab.txt"), lowercase=False)
    assert_as_reference(tokenizer, reference, texts)
    assert tokenizer.encode(texts).to_list()[1] == [13, 4, 7]
    assert tokenizer.pieces([4, 2, 6]) == ["a", "##b", "[MASK]"]


def test_vocabulary_with_windows_line_ends(tmp_path):
    (tmp_path / "vocab.txt").write_bytes("\r\n".join([*SPECIAL, "a", ""]).encode())
    assert load(tmp_path).vocabulary == [*SPECIAL, "a"]


def test_words_given_apart(tmp_path):
    tokenizer = load(write(tmp_path, *SPECIAL, "a", "##b", "'", "t"))
    words = tf.ragged.constant([["ab", "a't", "\x07", ""], [], ["[MASK]", "x", "a b"]])
    assert tokenizer.tokenize_words(words).to_list() == [[[5, 6], [5, 7, 8], [1], [1]], [], [[4], [1], [5, 1]]]
    assert tokenizer.tokenize_words(tf.ragged.constant([[]], dtype=tf.string)).to_list() == [[]]


def test_text_again(tmp_path):
    tokenizer = load(write(tmp_path, *SPECIAL, "a", "##b", "##c", "d"))
    rows = tf.ragged.constant([[2, 5, 6, 7, 8, 3, 0], [8, 1, 5], [6, 5], []], dtype=tf.int32)
    assert [text.decode() for text in tokenizer.detokenize(rows).numpy()] == ["abc d", "d ⁇ a", "b a", ""]


def test_bytes_that_are_not_utf8_are_left_out(wordpiece):
    clean, broken = wordpiece.tokenize(tf.constant([b"The cat", b"The\xff \xfec\xc3at\xe2\x82"])).to_list()
    assert clean == broken


@pytest.mark.parametrize("texts", [[], [""], ["", "", "[PAD]"], ["\n"], ["\0"]])
def test_little_text(texts, wordpiece):
    ids, starts, ends = wordpiece.tokenize_with_offsets(tf.constant(texts, tf.string))
    assert ids.to_list() == [[0] if text == "[PAD]" else [] for text in texts]
    assert starts.row_lengths().numpy().tolist() == ends.row_lengths().numpy().tolist() == [len(row) for row in ids]
    assert wordpiece.detokenize(ids).shape == (len(texts),)


def test_learnt_vocabulary(sentences, tmp_path):
    tokenizer = WordPiece(211)
    tokenizer.train(sentences, tmp_path)
    assert tokenizer.vocabulary[:5] == SPECIAL
    assert (tokenizer.unknown, tokenizer.cls, tokenizer.sep) == (UNK, BOS, EOS)  # as other tokenizers number them
    assert len(set(tokenizer.vocabulary)) == tokenizer.size == 211
    assert "the" in tokenizer.vocabulary
    assert "猫" in tokenizer.vocabulary
    assert "##猫" not in tokenizer.vocabulary  # it never stands within a word
    assert not any(piece != piece.lower() or "ä" in piece for piece in tokenizer.vocabulary[5:])
    assert tokenizer.unknown not in tokenizer.encode(sentences).flat_values.numpy()


def test_small_texts_give_small_vocabularies(tmp_path):
    tokenizer = WordPiece(97)
    tokenizer.train(["aba [MASK] ab"] * 3, tmp_path)
    assert {"a", "##a", "b", "##b", "ab", "aba"} <= set(tokenizer.vocabulary)
    assert tokenizer.size < 23
    tokenizer.train(["中"], tmp_path)
    assert tokenizer.vocabulary[5:] == ["中"]


def test_rare_letters_give_way_to_pieces(tmp_path):
    texts = ["abab cdcd"] * 5000 + [chr(code) for code in range(0x4E00, 0x4E00 + 13)]
    tokenizer = WordPiece(5 + 14)
    tokenizer.train(texts, tmp_path)
    assert {"abab", "cdcd"} <= set(tokenizer.vocabulary)
    tokenizer = WordPiece(6)
    tokenizer.train(texts, tmp_path)
    assert tokenizer.vocabulary[5:] == ["a"]


@pytest.mark.parametrize("texts", [[], [""], [" \n", "[MASK]", "\0"], ["x" * 101]])
def test_no_text(texts, tmp_path):
    with pytest.raises(DataError, match=r"^WordPiece cannot be trained: the training text is empty.$"):
        WordPiece(97).train(texts, tmp_path)
    assert not list(tmp_path.iterdir())


def test_characters_that_sentencepiece_keeps_for_itself(tmp_path):
    tokenizer = WordPiece(97)
    tokenizer.train(["▁▅", "a▁"], tmp_path)
    assert tokenizer.unknown not in tokenizer.encode(["▁▅ a▁"]).flat_values.numpy()


def test_files_that_are_no_vocabulary(tmp_path):
    with pytest.raises(DataError, match=r"not a BERT vocabulary: it has no line \[CLS\] and no line \[MASK\].$"):
        load(write(tmp_path, "[PAD]", "[UNK]", "[SEP]"))
    with pytest.raises(DataError, match=r"\[PAD\] must be the first line, id 0, but is id 4.$"):
        load(write(tmp_path, *reversed(SPECIAL)))


def test_survives_a_new_random_seed(wordpiece):
    before = wordpiece.encode(["The cat"]).to_list()
    tf.random.set_seed(1)
    assert wordpiece.encode(["The cat"]).to_list() == before
