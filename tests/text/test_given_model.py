"""A SentencePiece model that the user has: its ids and texts are those of SentencePiece's own library."""

import numpy as np
import pytest
import tensorflow as tf
from given_models import SPECIAL, given_model
from round_trip import save

from keras_transformers.errors import DataError, RecipeError
from keras_transformers.text import SentencePiece
from keras_transformers.text.sampling import Sampling
from keras_transformers.text.special import BOS, EOS, PAD, UNK

AWKWARD = ["", " ", "  The   cat ", "Die Katze <2de> saß", "😀 <sep>猫", "ﬁne ①", "a\tb\nc", "<s>x</s>"]
OPTIONS = {
    "unigram": {},
    "bpe": {"model_type": "bpe"},
    "char": {"model_type": "char"},
    "word": {"model_type": "word", "hard_vocab_limit": None},
    "bytes": {"byte_fallback": True, "size": 337, "user_defined_symbols": ["<2de>", "<sep>"]},
    "control": {"control_symbols": ["<ctrl>"], "user_defined_symbols": ["<sep>"]},
    "plain": {"normalization_rule_name": "identity", "add_dummy_prefix": False, "remove_extra_whitespaces": False},
    "suffix": {"treat_whitespace_as_suffix": True, "split_digits": True},
}


def taken(path, folder, **options):
    """Return a tokenizer that has taken a model, which is then away."""
    tokenizer = SentencePiece(model=str(path), **options)
    tokenizer.train([], folder)
    path.unlink()
    again = SentencePiece(model=str(path), **options)
    again.load(folder)
    return again


@pytest.fixture(params=[(special, "unigram") for special in SPECIAL] + [("sentencepiece", kind) for kind in OPTIONS],
                ids=lambda param: "-".join(param))  # fmt: skip
def pair(request, sentences, tmp_path):
    """Our tokenizer, and SentencePiece's own processor of the same file."""
    special, kind = request.param
    options = {name: value for name, value in OPTIONS[kind].items() if value is not None}
    processor = given_model(sentences, tmp_path / "spm.model", special, **options)
    return taken(tmp_path / "spm.model", tmp_path / "vocabulary"), processor


def test_the_ids_are_the_models(pair, sentences):
    tokenizer, processor = pair
    texts = [*sentences[:10], *AWKWARD]
    assert tokenizer.own_ids(tokenizer.encode(texts)).to_list() == processor.encode(texts, out_type=int)


def test_the_texts_are_the_models(pair, sentences):
    tokenizer, processor = pair
    texts = [*sentences[:10], *AWKWARD]
    said = tokenizer.detokenize(tokenizer.encode(texts)).numpy()
    assert [text.decode() for text in said] == processor.decode(processor.encode(texts, out_type=int))


def test_every_id_is_one_of_the_models(pair):
    tokenizer, processor = pair
    ours = np.arange(tokenizer.size)
    own = tokenizer.own_ids(tf.RaggedTensor.from_row_lengths(ours, [len(ours)])).values.numpy()
    assert sorted(own[own >= 0]) == list(range(processor.get_piece_size()))
    special = {PAD: processor.pad_id(), UNK: processor.unk_id(), BOS: processor.bos_id(), EOS: processor.eos_id()}
    assert {number: own[number] for number in special} == special
    others = own[4:].tolist()
    assert others == sorted(others)
    shown = ["<pad>", "<unk>", "<s>", "</s>", *(processor.id_to_piece(number) for number in others)]
    assert tokenizer.pieces(ours.tolist()) == shown


def test_where_the_special_ids_are_ours_nothing_is_renumbered(sentences, tmp_path):
    processor = given_model(sentences, tmp_path / "spm.model", "ours")
    tokenizer = taken(tmp_path / "spm.model", tmp_path / "vocabulary")
    assert tokenizer.encode(sentences).to_list() == processor.encode(sentences, out_type=int)
    assert tokenizer.size == processor.get_piece_size()


def test_special_ids_are_not_said(pair):
    tokenizer, processor = pair
    (ids,) = tokenizer.encode(["The cat"]).to_list()
    rows = tf.ragged.constant([[BOS, *ids, EOS, PAD, PAD], [EOS], []], dtype=tf.int32)
    assert tokenizer.detokenize(rows).numpy().tolist() == [
        processor.decode(processor.encode("The cat")).encode(),
        b"",
        b"",
    ]


def test_it_is_inside_the_saved_model(pair, sentences, tmp_path):
    tokenizer, processor = pair
    save(tokenizer, tmp_path / "saved")
    texts = [*sentences[:10], *AWKWARD]
    answer = tf.saved_model.load(str(tmp_path / "saved")).signatures["serving_default"](text=tf.constant(texts))
    wanted = processor.encode(texts, out_type=int)
    assert [text.decode() for text in answer["text"].numpy()] == processor.decode(wanted)
    assert answer["count"].numpy().tolist() == [len(ids) for ids in wanted]


def test_texts_are_written_as_the_model_says_them(pair, sentences):
    tokenizer, processor = pair
    texts = ["  The   cat ", sentences[3]]
    assert tokenizer.normalize(texts) == [processor.decode(processor.encode(text)) for text in texts]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "The SentencePiece model {} cannot be read: No such file or directory."),
        (b"two words", "{} is not a SentencePiece model, such as `spm_train` writes with the ending .model."),
        (b"", "{} is not a SentencePiece model, such as `spm_train` writes with the ending .model."),
    ],
)
def test_what_is_no_model(content, message, tmp_path):
    path = tmp_path / "spm.model"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError) as raised:
        SentencePiece(model=str(path)).train([], tmp_path / "vocabulary")
    assert str(raised.value) == message.format(path)
    assert not (tmp_path / "vocabulary").exists()


@pytest.mark.parametrize("kind", ["char", "word"])
def test_only_subwords_have_several_segmentations(kind, sentences, tmp_path):
    path = tmp_path / "spm.model"
    given_model(sentences, path, model_type=kind)
    with pytest.raises(DataError) as raised:
        SentencePiece(model=str(path), sample=Sampling()).train([], tmp_path / "vocabulary")
    assert str(raised.value) == (
        f"`sample` draws segmentations of unigram and bpe models, but {path} is of the kind {kind}: leave `sample` out."
    )


def test_a_model_or_a_size():
    for options in ({}, {"vocab_size": 97, "model": "spm.model"}):
        with pytest.raises(RecipeError, match="either `vocab_size` or `model`"):
            SentencePiece(**options)
