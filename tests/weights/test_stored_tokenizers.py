"""Tokenizers of Hugging Face folders: cut text as PyPI `tokenizers` does by the same files, or are refused."""

import json

import pytest
import tensorflow as tf
from folders import SPECIAL, change_json, write_json, write_tokenizer_json
from small_bert import CONFIG, write_folder
from tokenizers import Tokenizer

from keras_transformers.errors import CheckpointError
from keras_transformers.text.wordpiece import WordPiece
from keras_transformers.weights import open_checkpoint

PIECES = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "[MASK]",
    "cafe",
    "café",
    "Café",
    "Cafe",
    "i",
    "İ",
    "ab",
    "##c",
    "東",
    "##京",
]
PIECES += [f"[unused{number}]" for number in range(29 - len(PIECES))]
TEXT = "Café café CAFE ab abc İ [MASK] 東京"


@pytest.fixture
def fast(tmp_path, tensors):
    """A folder whose tokenizer is tokenizer.json alone."""
    path = write_folder(tmp_path / "fast", tensors, CONFIG, PIECES)
    write_tokenizer_json(path)
    write_json(path / "tokenizer_config.json", {"tokenizer_class": "PreTrainedTokenizerFast", **SPECIAL})
    return path


def pieces_of(path, tmp_path):
    """Return the pieces of the text that a checkpoint's recipe and files give."""
    checkpoint = open_checkpoint(path)
    section = {key: value for key, value in checkpoint.recipe()["tokenizer"].items() if key != "type"}
    checkpoint.write_tokenizer(tmp_path / "tokenizer")
    tokenizer = WordPiece(**section)
    tokenizer.load(tmp_path / "tokenizer")
    return [tokenizer.vocabulary[index] for index in tokenizer.tokenize(tf.constant([TEXT])).values.numpy()]


def reference(path):
    return Tokenizer.from_file(str(path / "tokenizer.json")).encode(TEXT, add_special_tokens=False).tokens


@pytest.mark.parametrize("lowercase", [True, False])
@pytest.mark.parametrize("accents", [True, False, None])
@pytest.mark.parametrize("first", [(), ({"type": "Lowercase"},)], ids=["", "lower case first"])
def test_the_normalizer_of_tokenizer_json(fast, tmp_path, lowercase, accents, first):
    bert = {
        "type": "BertNormalizer",
        "clean_text": True,
        "handle_chinese_chars": True,
        "strip_accents": accents,
        "lowercase": lowercase,
    }
    normalizer = {"type": "Sequence", "normalizers": [*first, bert]} if first else bert
    change_json(fast / "tokenizer.json", {"normalizer": normalizer})
    assert pieces_of(fast, tmp_path) == reference(fast)
    assert open_checkpoint(fast).notes() == []


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("normalizer", {"type": "NFKC"}, "`normalizer` must be BertNormalizer, but is NFKC."),
        ("normalizer", {"type": "Sequence", "normalizers": [{"type": "NFD"}, {"type": "Lowercase"}]},
         "`normalizer` must be BertNormalizer, but is NFD and Lowercase."),
        ("normalizer", None, "`normalizer` must be BertNormalizer, but is null."),
        ("pre_tokenizer", {"type": "Whitespace"}, "`pre_tokenizer` must be BertPreTokenizer, but is Whitespace."),
        ("pre_tokenizer", None, "`pre_tokenizer` must be BertPreTokenizer, but is null."),
        ("post_processor", {"type": "RobertaProcessing", "sep": ["</s>", 3], "cls": ["<s>", 2]},
         "`post_processor` must join texts as BERT does, [CLS] A [SEP] B [SEP], but is RobertaProcessing that joins "
         "them otherwise."),
        ("post_processor", {"type": "BertProcessing", "sep": ["</s>", 3], "cls": ["[CLS]", 2]},
         "`post_processor` must join texts as BERT does, [CLS] A [SEP] B [SEP], but is BertProcessing that joins them "
         "otherwise."),
        ("model", {"type": "BPE", "vocab": {}, "merges": []}, ", `model`: `type` must be WordPiece, but is BPE."),
        ("model", {"type": "WordPiece", "vocab": {"[PAD]": 0, "a": 0}}, "holds no WordPiece vocabulary."),
        ("model", {"type": "WordPiece", "vocab": {"[PAD]": 10**12}},
         "holds the id 1,000,000,000,000 in its vocabulary, but the embedding has 29 rows."),
        ("added_tokens", [{"id": 7, "content": "[SEP]"}],
         "`added_tokens` gives [SEP] the id 7, its vocabulary another."),
        ("added_tokens", {"[SEP]": 3}, "`added_tokens` is no list of tokens."),
    ],
)  # fmt: skip
def test_a_tokenizer_json_that_is_not_berts(fast, key, value, message):
    content = json.loads((fast / "tokenizer.json").read_text(encoding="utf-8"))
    write_json(fast / "tokenizer.json", {**content, key: value})
    with pytest.raises(CheckpointError) as caught:
        open_checkpoint(fast).recipe()
    assert str(caught.value).endswith(message)
    assert str(fast / "tokenizer.json") in str(caught.value)


def test_special_tokens_that_are_not_added(fast):
    for processor in (
        {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]},
        {"type": "Sequence", "processors": [{"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]}]},
    ):
        change_json(fast / "tokenizer.json", {"post_processor": processor})
        assert open_checkpoint(fast).notes() == []
    change_json(fast / "tokenizer.json", {"post_processor": None})
    assert open_checkpoint(fast).notes() == [
        f"{fast / 'tokenizer.json'} adds no [CLS] and [SEP] to texts; this library does, as BERT reads them."
    ]


def test_the_class_says_which_file_counts(fast, tmp_path):
    change_json(fast / "tokenizer_config.json", {"do_lower_case": False})
    assert pieces_of(fast, tmp_path) == reference(fast)
    assert open_checkpoint(fast).notes() == [
        f"{fast / 'tokenizer_config.json'}, `do_lower_case`, is false, but Transformers does as "
        f"{fast / 'tokenizer.json'}, `normalizer`, says: true."
    ]
    change_json(fast / "tokenizer_config.json", {"tokenizer_class": "BertTokenizer"})
    assert open_checkpoint(fast).recipe()["tokenizer"]["lowercase"] is False
    assert open_checkpoint(fast).notes() == [
        f"{fast / 'tokenizer.json'}, `normalizer`, is true, but Transformers does as {fast / 'tokenizer_config.json'}, "
        "`do_lower_case`, says: false."
    ]
    change_json(fast / "tokenizer_config.json", {"do_lower_case": None})
    write_tokenizer_json(fast, lowercase=False)
    assert pieces_of(fast, tmp_path) == reference(fast)
    assert open_checkpoint(fast).notes() == [
        f"{fast / 'tokenizer.json'}, `normalizer`, says `lowercase` is false, and so it is done; Transformers' "
        "BertTokenizer would take true, as tokenizer_config.json does not say `do_lower_case`."
    ]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"tokenizer_class": "BertJapaneseTokenizer", "word_tokenizer_type": "mecab"},
         "`tokenizer_class` must be BertTokenizer or one that is the same, but is BertJapaneseTokenizer, which may cut "
         "text into other pieces than the model was trained on."),
        ({"tokenizer_class": "PreTrainedTokenizerFast"},
         "`tokenizer_class` is PreTrainedTokenizerFast, which is all in tokenizer.json; it is missing."),
        ({"word_tokenizer_type": "mecab"}, "`word_tokenizer_type` must be basic, but is mecab."),
        ({"do_basic_tokenize": False}, "`do_basic_tokenize` must be true, but is false."),
        ({"tokenize_chinese_chars": False}, "`tokenize_chinese_chars` must be true, but is false."),
        ({"tokenize_chinese_chars": None}, "`tokenize_chinese_chars` must be true, but is null."),
        ({"added_tokens_decoder": {"4": {"content": "[MASK]"}, "7": {"content": "[CLS]"}}},
         "`added_tokens_decoder` gives [CLS] the id 7, the vocabulary 2."),
        ({"added_tokens_decoder": ["[CLS]"]},
         "`added_tokens_decoder` must hold tokens by their ids, but is [\"[CLS]\"]."),
        ({"never_split": ["[MASK]", "New York"]},
         "`never_split` must name no words but BERT's special pieces, but names New York."),
        ({"cls_token": {"content": "<s>", "lstrip": False}, "mask_token": "<mask>"},
         "`cls_token` must be [CLS], but is <s>; `mask_token` must be [MASK], but is <mask>."),
        ({"model_max_length": "long"}, "`model_max_length` must be a number above 2, but is long."),
        ({"model_max_length": 2}, "`model_max_length` must be a number above 2, but is 2."),
    ],
)  # fmt: skip
def test_a_tokenizer_config_that_is_not_berts(folder, settings, message):
    write_json(folder / "tokenizer_config.json", settings)
    with pytest.raises(CheckpointError) as caught:
        open_checkpoint(folder).notes()
    assert str(caught.value) == f"{folder / 'tokenizer_config.json'}: {message}"


def test_the_class_of_the_configuration(folder):
    change_json(folder / "config.json", {"tokenizer_class": "HerbertTokenizer"})
    with pytest.raises(CheckpointError, match=r"config\.json: `tokenizer_class` must be BertTokenizer or one that is"):
        open_checkpoint(folder).recipe()
    write_json(
        folder / "tokenizer_config.json", {"tokenizer_class": "DistilBertTokenizerFast", "never_split": ["[CLS]"]}
    )
    assert open_checkpoint(folder).notes() == []


def test_added_tokens_are_told(folder):
    write_json(folder / "added_tokens.json", {f"[E{number}]": 29 + number for number in range(7)})
    names = "`[E0]`, `[E1]`, `[E2]`, `[E3]`, `[E4]`, …"
    assert open_checkpoint(folder).notes() == [
        f"{folder} adds 7 tokens to BERT's ({names}): texts that hold them are cut like any other text, not at them."
    ]


def test_added_tokens_that_are_pieces_are_told(folder):
    decoder = {"0": {"content": "[PAD]", "special": True}, "5": {"content": "a", "special": False}}
    write_json(folder / "tokenizer_config.json", {"added_tokens_decoder": decoder})
    assert open_checkpoint(folder).notes() == [
        f"{folder} adds 1 token to BERT's (`a`): texts that hold it are cut like any other text, not at it."
    ]


def test_a_special_token_that_is_found_otherwise_is_told(folder):
    settings = {"content": "[MASK]", "normalized": True, "single_word": True, "lstrip": True}
    write_json(folder / "tokenizer_config.json", {"added_tokens_decoder": {"4": settings}})
    place = f"{folder / 'tokenizer_config.json'}, `added_tokens_decoder`, [MASK]"
    assert open_checkpoint(folder).notes() == [
        f"{place}: `normalized` is true: texts get this piece where they spell it exactly so, inside words, too.",
        f"{place}: `single_word` is true: texts get this piece where they spell it exactly so, inside words, too.",
    ]


def test_ids_of_added_tokens_json(folder):
    write_json(folder / "added_tokens.json", {"[MASK]": 11})
    with pytest.raises(CheckpointError) as caught:
        open_checkpoint(folder).notes()
    assert str(caught.value) == f"{folder / 'added_tokens.json'} gives [MASK] the id 11, the vocabulary 4."


def test_vocabularies_that_differ(fast, tmp_path):
    (fast / "vocab.txt").write_text("".join(f"{piece}\n" for piece in [*PIECES[:-1], "other"]))
    assert open_checkpoint(fast).notes() == [
        f"{fast / 'vocab.txt'} and {fast / 'tokenizer.json'} hold different vocabularies; the latter's is used, as "
        "Transformers does."
    ]
    open_checkpoint(fast).write_tokenizer(tmp_path / "tokenizer")
    assert (tmp_path / "tokenizer" / "vocab.txt").read_text(encoding="utf-8").splitlines() == PIECES


def test_ids_without_a_piece(fast, tmp_path):
    ids = {piece: index for index, piece in enumerate(PIECES) if piece != "Cafe"}
    change_json(fast / "tokenizer.json", {"vocab": ids}, ["model"])
    (fast / "vocab.txt").unlink()
    assert pieces_of(fast, tmp_path) == reference(fast)


@pytest.mark.parametrize("pieces", [["<S>", "<T>", "a"], ["a", "##A"], ["[UNUSED]", *"abc"]])
def test_a_guess_of_lower_case(tmp_path, tensors, pieces):
    filler = [f"x{number}" for number in range(24 - len(pieces))]
    path = write_folder(tmp_path / "other", tensors, CONFIG, [*PIECES[:5], *pieces, *filler])
    lower = "##A" not in pieces
    shows = "have no capital letters" if lower else "have capital letters"
    said, other = ("true", "false") if lower else ("false", "true")
    assert open_checkpoint(path).recipe()["tokenizer"]["lowercase"] is lower
    assert open_checkpoint(path).guesses() == {
        "lowercase": f"No file of {path} says whether text becomes lower case; the pieces of its vocabulary {shows}, "
        f"so `tokenizer.lowercase` is {said}. If that is wrong, add --set tokenizer.lowercase={other}."
    }


def test_a_recipe_wins_over_a_guess_and_not_over_a_file(folder):
    checkpoint = open_checkpoint(folder)
    own = {"type": "wordpiece", "vocab_size": 30522, "lowercase": False, "strip_accents": None}
    section, notes = checkpoint.tokenizer_for(own)
    assert section == {"type": "wordpiece", "vocab_size": 29, "lowercase": False}
    assert notes == [
        f"`tokenizer.lowercase` is false as the recipe says; from {folder} it would be true, but that is a guess."
    ]
    assert checkpoint.tokenizer_for({**own, "lowercase": True})[1] == []
    assert checkpoint.tokenizer_for({**own, "lowercase": None})[1] == list(checkpoint.guesses().values())
    assert checkpoint.tokenizer_for(None)[1] == list(checkpoint.guesses().values())
    assert checkpoint.tokenizer_for({"type": "characters", "vocab_size": 99})[1] == [
        f"`tokenizer` is that of {folder}, `wordpiece`, not `characters`.",
        *checkpoint.guesses().values(),
    ]
    write_json(folder / "tokenizer_config.json", {"do_lower_case": True})
    section, notes = open_checkpoint(folder).tokenizer_for(own)
    assert section["lowercase"] is True
    assert notes == [
        f"`tokenizer.lowercase` is true as {folder} says, not false as the recipe does; to change it, import the "
        "checkpoint with --set tokenizer.lowercase=false first."
    ]
