"""What holds for every tokenizer."""

import json
import subprocess
import sys
import unicodedata

import numpy as np
import pytest
import tensorflow as tf
from round_trip import save

from keras_transformers.errors import DataError
from keras_transformers.text import Characters, SentencePiece, WordPiece
from keras_transformers.text.special import BOS, EOS, PAD, UNK

RELOAD = """
import json, sys
import tensorflow as tf
import tensorflow_text
model = tf.saved_model.load(sys.argv[1]).signatures["serving_default"]
answer = model(text=tf.constant(json.loads(sys.argv[2]), tf.string))
print(json.dumps([[text.decode() for text in answer["text"].numpy()], answer["count"].numpy().tolist()]))
assert "keras_transformers" not in sys.modules
"""


def decoded(tensor):
    return [text.decode() for text in tensor.numpy()]


def test_text_comes_back(lossless, sentences):
    ids = lossless.encode(sentences)
    assert ids.dtype == tf.int32
    assert decoded(lossless.detokenize(ids)) == sentences


def test_ids_lie_between_the_special_ones_and_the_size(tokenizer, sentences):
    flat = tokenizer.encode(sentences).flat_values.numpy()
    assert flat.min() > max(PAD, UNK, BOS, EOS)
    assert flat.max() < tokenizer.size


def test_special_ids_are_skipped(tokenizer):
    (ids,) = tokenizer.encode(["The cat"]).to_list()
    noisy = [BOS, *ids[:2], PAD, *ids[2:], EOS, PAD, PAD]
    rows = tf.ragged.constant([noisy, [], [PAD, EOS]], dtype=tf.int32)
    assert decoded(tokenizer.detokenize(rows)) == ["The cat", "", ""]


def test_empty_text_and_empty_batch(tokenizer):
    assert tokenizer.encode([""]).to_list() == [[]]
    empty = tokenizer.encode([])
    assert empty.shape[0] == 0
    assert tokenizer.detokenize(empty).shape == (0,)


def test_unknown_characters_show(tokenizer):
    ids = tokenizer.encode(["The 😀"])
    assert UNK in ids.to_list()[0]
    (text,) = decoded(tokenizer.detokenize(ids))
    assert text.startswith("The")
    assert text.strip().endswith("⁇")


def test_bytes_that_are_not_utf8_are_unknown(lossless):
    ids = lossless.tokenize(tf.constant([b"The \xff\xfe cat", b"\xc3", b"\xe2\x82"]))
    assert [UNK in row for row in ids.to_list()] == [True, True, True]
    assert decoded(lossless.detokenize(ids))[0].endswith("cat")


def test_graph_agrees_with_eager(tokenizer, sentences):
    batch = tf.constant([*sentences, "", "😀"])
    traced = tf.function(tokenizer.tokenize, input_signature=[tf.TensorSpec([None], tf.string)])
    assert traced(batch).to_list() == tokenizer.tokenize(batch).to_list()
    dataset = tf.data.Dataset.from_tensor_slices(batch).batch(7).map(tokenizer.tokenize)
    rows = [row for some in dataset for row in some.to_list()]
    assert rows == tokenizer.tokenize(batch).to_list()


UNTIDY = [
    unicodedata.normalize("NFD", "Zwei Männer für Mädchen müde"),
    "a  b   c ",
    " \u00a0x\ty\u3000\u2028z\u0085",
    "",
    " ",
    "\ufeffzero\u200bwidth ａｌｓｏ ﬁ",
    "e\u0327\u0301 \u0301 한국어 かﾞ",
]


# SentencePiece: 42 is the least that holds all characters, and the most that so little text supports.
@pytest.mark.parametrize(("kind", "size"), [(Characters, 97), (SentencePiece, 42)])
def test_normalized_text_is_what_comes_back(kind, size, tmp_path):
    """Of text whose characters are all known: a model that is always right says just this."""
    tokenizer = kind(size)
    tokenizer.train(UNTIDY * 3, tmp_path)
    assert tokenizer.normalize(UNTIDY) == decoded(tokenizer.detokenize(tokenizer.encode(UNTIDY)))
    assert tokenizer.normalize([]) == []
    assert tokenizer.normalize(UNTIDY[:2])[1] == ("a  b   c " if kind is Characters else "a b c")


@pytest.mark.parametrize("kind", [Characters, SentencePiece, WordPiece])
def test_load_gives_what_train_gave(kind, sentences, tmp_path):
    trained, loaded = kind(97), kind(97)
    folder = tmp_path / "made" / "on the way"
    trained.train(iter(sentences), folder)
    assert len(list(folder.iterdir())) == 1  # no temporary file is left
    loaded.load(str(folder))
    assert loaded.size == trained.size <= 97
    assert loaded.encode(sentences).to_list() == trained.encode(sentences).to_list()


@pytest.mark.parametrize("kind", [Characters, SentencePiece, WordPiece])
def test_training_is_deterministic(kind, sentences, tmp_path):
    contents = []
    for name in ("one", "two"):
        kind(97).train(sentences, tmp_path / name)
        (file,) = (tmp_path / name).iterdir()
        contents.append(file.read_bytes())
    assert contents[0] == contents[1]
    assert str(tmp_path).encode() not in contents[0]


@pytest.mark.parametrize(
    ("kind", "file", "damage"),
    [
        (Characters, "characters.json", "no list of characters"),
        (SentencePiece, "sentencepiece.model", "not a"),
        (WordPiece, "vocab.txt", r"not UTF-8"),
    ],
)
def test_missing_and_damaged_files(kind, file, damage, tmp_path):
    with pytest.raises(DataError, match="has no vocabulary yet: call `train` or `load` first"):
        kind(97).encode(["a"])
    with pytest.raises(DataError, match=f"no vocabulary in {tmp_path}: {file} is missing"):
        kind(97).load(tmp_path)
    (tmp_path / file).write_bytes(b"nonsense\xff")
    with pytest.raises(DataError, match=f"{file} is damaged: .*{damage}"):
        kind(97).load(tmp_path)


def test_saved_model_answers_alike_in_a_fresh_process(tokenizer, tmp_path):
    texts = ["The cat sat on a bench.", "", "Zwei Hunde 😀", "猫。", "   ", "x" * 5000]
    module = save(tokenizer, tmp_path / "model")
    here = module(tf.constant(texts))
    done = subprocess.run(
        [sys.executable, "-c", RELOAD, str(tmp_path / "model"), json.dumps(texts)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    there = json.loads(done.stdout.splitlines()[-1])
    assert there == [decoded(here["text"]), here["count"].numpy().tolist()]
    assert there[0][0].replace(" .", ".") == texts[0]  # WordPiece sets punctuation apart
    assert not list((tmp_path / "model").glob("assets/*"))  # nothing is read from a file


def test_characters_keeps_the_most_frequent(tmp_path):
    tokenizer = Characters(vocab_size=6)
    tokenizer.train(["abc", "cc", "bc"], tmp_path)
    assert tokenizer.size == 6
    assert tokenizer.encode(["cba"]).to_list() == [[4, 5, UNK]]


def test_characters_takes_the_text_as_it_is(tmp_path):
    composed, apart = "é", unicodedata.normalize("NFD", "é")
    tokenizer = Characters()
    tokenizer.train([composed, " \n\t\u2028"], tmp_path)
    assert len(apart) == 2
    assert tokenizer.encode([apart]).to_list() == [[UNK, UNK]]
    assert decoded(tokenizer.detokenize(tokenizer.encode([" \n\t\u2028é "]))) == [" \n\t\u2028é "]


def test_characters_of_no_text(tmp_path):
    with pytest.raises(DataError, match="the training text is empty"):
        Characters().train(["", ""], tmp_path)


def test_sentencepiece_composes_accents_and_spaces_but_keeps_the_rest(sentencepiece):
    texts = ["Ein Hund läuft", unicodedata.normalize("NFD", "Ein Hund läuft"), "  Ein\u00a0Hund\t\u2028läuft\ufeff "]
    rows = sentencepiece.encode(texts).to_list()
    assert rows[0] == rows[1] == rows[2]
    assert decoded(sentencepiece.detokenize(sentencepiece.encode(["绿色！。"]))) == ["绿色！。"]


def test_sentencepiece_agrees_with_its_own_python(sentences, tmp_path):
    import sentencepiece as library

    tokenizer = SentencePiece(89, model_type="bpe")
    tokenizer.train(sentences, tmp_path)
    texts = [*sentences, "", "😀 a\u0308 Hund", "two  spaces"]
    own = library.SentencePieceProcessor(model_file=str(tmp_path / "sentencepiece.model"))
    assert tokenizer.encode(texts).to_list() == own.encode(texts)
    pieces = [own.pad_id(), own.unk_id(), own.bos_id(), own.eos_id()]
    np.testing.assert_array_equal(pieces, [PAD, UNK, BOS, EOS])


@pytest.mark.parametrize("model_type", ["unigram", "bpe"])
def test_sentencepiece_vocabulary_larger_than_the_text(model_type, tmp_path):
    tokenizer = SentencePiece(7919, model_type=model_type)
    tokenizer.train(iter(["hello world", "hollow word"] * 5), tmp_path)
    assert 14 <= tokenizer.size < 97  # 10 characters and 4 special ids at least
    exact = SentencePiece(tokenizer.size, model_type=model_type)
    exact.train(["hello world", "hollow word"] * 5, tmp_path / "exact")
    assert exact.encode(["hello word"]).to_list() == tokenizer.encode(["hello word"]).to_list()
    assert tokenizer.detokenize(tokenizer.encode(["hello word"])).numpy().tolist() == [b"hello word"]


def test_sentencepiece_vocabulary_smaller_than_the_characters(tmp_path):
    expected = r"^`vocab_size` must be at least 14, .* but is 7; set .*`--set tokenizer.vocab_size=14`"
    with pytest.raises(DataError, match=expected):
        SentencePiece(7).train(["abcdefghi"] * 3, tmp_path)


def test_sentencepiece_of_no_text(tmp_path):
    with pytest.raises(DataError, match="the training text is empty"):
        SentencePiece(97).train([], tmp_path)


def test_sentencepiece_writes_nothing_to_the_terminal(sentences, tmp_path, capfd):
    tokenizer = SentencePiece(97)
    tokenizer.train(sentences, tmp_path)
    tokenizer.encode(sentences)
    assert capfd.readouterr() == ("", "")


def test_survives_a_new_random_seed(tmp_path):
    # TF Text's own resource belongs to a cached kernel, and setting the seed empties that cache.
    tokenizer = SentencePiece(vocab_size=24)
    tokenizer.train(["a small text to learn a few pieces from", "and one more line"] * 4, tmp_path)
    before = tokenizer.tokenize(["a small line"]).to_list()
    tf.random.set_seed(1)
    assert tokenizer.tokenize(["a small line"]).to_list() == before
