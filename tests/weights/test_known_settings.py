"""Walks the tables of keys: each is used, harmless, refused or told, in a folder of each kind that `import` reads."""

import shutil

import keras_hub
import pytest
from folders import change_json, google, hugging_face, sentence_transformers, write_json
from small_bert import PIECES

from keras_transformers.errors import CheckpointError
from keras_transformers.weights import open_checkpoint
from keras_transformers.weights.known_settings import HUGGING_FACE_CONFIG, TABLES, TOKENIZER_CONFIG
from keras_transformers.weights.settings import Treatment, check, only, told

PLACES = {
    "model": ("model",),
    "normalizer": ("normalizer",),
    "added_tokens": ("added_tokens", 0),
    "config": ("config",),
}
"""Where in a file a table's keys stand: what follows the colon in its name."""

STRANGE = "something else"

CONFIG_EXAMPLES = {
    "vocab_size": 31,
    "hidden_size": 26,
    "num_hidden_layers": 5,
    "num_attention_heads": 11,
    "intermediate_size": 19,
    "max_position_embeddings": 17,
    "type_vocab_size": 3,
    "layer_norm_eps": 1e-5,
    "hidden_dropout_prob": 0.3,
    "attention_probs_dropout_prob": 0.3,
    "hidden_act": "relu",
    "embedding_size": 11,
}

EXAMPLES = {
    "Hugging Face": {
        "config.json": {
            **CONFIG_EXAMPLES,
            "model_type": "roberta",
            "architectures": ["BertForMultipleChoice"],
            "classifier_dropout": 0.3,
            "problem_type": "multi_label_classification",
            "id2label": {"0": "x", "1": "y", "2": "z"},
            "tie_word_embeddings": (False, {"config.json": {"architectures": ["BertForMaskedLM"]}}),
            "tokenizer_class": ("AlbertTokenizer", {"tokenizer_config.json": {"tokenizer_class": None}}),
            "keras_transformers": {"task": "classification", "pair": True},
        },
        "tokenizer_config.json": {
            "tokenizer_class": "BertJapaneseTokenizer",
            "do_lower_case": False,
            "strip_accents": False,
            "model_max_length": 7,
            "max_len": (7, {"tokenizer_config.json": {"model_max_length": None}}),
            "added_tokens_decoder": {"5": {"content": "[E1]", "special": True}},
            "additional_special_tokens": ["[E1]"],
            "extra_special_tokens": ["[E1]"],
            "never_split": ["[E1]"],
            "model_input_names": ["input_ids", "attention_mask"],
        },
        "special_tokens_map.json": {"additional_special_tokens": ["[E1]"], "extra_special_tokens": {"x": "[E1]"}},
        "tokenizer.json": {
            "added_tokens": [{"id": 29, "content": "[E1]"}],
            "normalizer": {"type": "NFC"},
            "pre_tokenizer": {"type": "Whitespace"},
            "post_processor": {"type": "RobertaProcessing", "cls": ["<s>", 2], "sep": ["</s>", 3]},
            "model": {"type": "BPE", "vocab": {}},
            "truncation": {"max_length": 5},
        },
        "tokenizer.json: model": {"vocab": {"[PAD]": 0, "a": 1}},
        "tokenizer.json: normalizer": {"type": "NFC", "strip_accents": False, "lowercase": False},
        "tokenizer.json: added_tokens": {"id": 5, "content": "[E1]"},
    },
    "sentence-transformers": {
        "modules.json": {"type": "sentence_transformers.models.WordEmbeddings", "path": "elsewhere"},
        "sentence_bert_config.json": {"max_seq_length": 7, "do_lower_case": True},
        "config_sentence_transformers.json": {
            "model_type": "CrossEncoder",
            "prompts": {"query": "find: "},
            "default_prompt_name": (
                "query",
                {"config_sentence_transformers.json": {"prompts": {"query": "find: "}}},
            ),
        },
        "1_Pooling/config.json": {
            "pooling_mode": ("cls", {"1_Pooling/config.json": {"pooling_mode_mean_tokens": None}}),
            "pooling_mode_cls_token": (True, {"1_Pooling/config.json": {"pooling_mode_mean_tokens": None}}),
            "pooling_mode_mean_tokens": (True, {"1_Pooling/config.json": {"pooling_mode_cls_token": True}}),
            "pooling_mode_max_tokens": True,
            "pooling_mode_mean_sqrt_len_tokens": True,
            "pooling_mode_weightedmean_tokens": True,
            "pooling_mode_lasttoken": True,
            "include_prompt": (
                False,
                {
                    "config_sentence_transformers.json": {
                        "prompts": {"query": "find: "},
                        "default_prompt_name": "query",
                    }
                },
            ),
        },
    },
    "Google": {"bert_config.json": CONFIG_EXAMPLES},
    "KerasHub": {
        "config.json": {"class_name": "RobertaBackbone", "config": {}},
        "config.json: config": {
            "vocabulary_size": 31,
            "num_layers": 5,
            "num_heads": 11,
            "hidden_dim": 26,
            "intermediate_dim": 19,
            "dropout": 0.3,
            "max_sequence_length": 17,
            "num_segments": 3,
            "dtype": {"module": "keras", "class_name": "QuantizedDTypePolicy", "config": {}},
        },
        "tokenizer.json": {"class_name": "AlbertTokenizer", "config": []},
        "tokenizer.json: config": {"lowercase": False, "strip_accents": True},
        "preprocessor.json": {"config": {"sequence_length": 7}},
        "preprocessor.json: config": {"sequence_length": 7},
    },
}
"""For each key that is used, a value that must make a difference, and what else must be so for it to do so."""


@pytest.fixture(scope="module")
def originals(model, tmp_path_factory):
    from small_bert import as_hugging_face

    root, tensors = tmp_path_factory.mktemp("originals"), as_hugging_face(model)
    preset = root / "preset"
    keras_hub.models.BertBackbone(29, 3, 2, 22, 17, max_sequence_length=13).save_to_preset(preset)
    tokenizer = keras_hub.models.BertTokenizer(PIECES, lowercase=True)
    keras_hub.models.BertTextClassifierPreprocessor(tokenizer, sequence_length=13).save_to_preset(preset)
    return {
        "Hugging Face": hugging_face(root / "hugging_face", tensors),
        "sentence-transformers": sentence_transformers(root / "sentence", tensors),
        "Google": google(root / "google", model),
        "KerasHub": preset,
    }


def understood(folder):
    """Return what becomes of a folder: its recipe and its notes, or the error."""
    try:
        checkpoint = open_checkpoint(folder)
        recipe = checkpoint.recipe()
        return recipe, sorted([*checkpoint.notes(), *checkpoint.guesses().values()])
    except CheckpointError as error:
        return str(error)


def changed(original, folder, file, key, value, needed):
    """Return what becomes of a copy of the folder without, and with a value in one of its files."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(original, folder)
    for name, values in needed.items():
        change_json(folder / name, values)
    before = understood(folder)
    name, _, place = file.partition(": ")
    keys = (0,) if name == "modules.json" else PLACES.get(place, ())
    change_json(folder / name, {key: value}, keys)
    return before, understood(folder)


@pytest.mark.parametrize(("kind", "file"), [(kind, file) for kind, files in TABLES.items() for file in files])
def test_every_key_is_used_harmless_refused_or_told(originals, tmp_path, kind, file):
    examples = EXAMPLES[kind].get(file, {})
    table = TABLES[kind][file]
    assert set(examples) == {key for key, setting in table.items() if setting.treatment is Treatment.USED}
    for key, setting in table.items():
        value = examples.get(key, STRANGE)
        value, needed = value if isinstance(value, tuple) else (value, {})
        before, after = changed(originals[kind], tmp_path / "folder", file, key, value, needed)
        assert not isinstance(before, str), before
        if setting.treatment is Treatment.HARMLESS:
            assert after == before, key
        elif setting.treatment is Treatment.USED:
            assert after != before, key
        elif setting.treatment is Treatment.REFUSED:
            assert f"`{key}` must be " in after, (key, after)
            assert STRANGE in after, key
        else:
            assert after[0] == before[0], key
            told_of = [note for note in after[1] if note not in before[1]]
            assert len(told_of) == 1, (key, told_of)
            assert f"`{key}` is {STRANGE}: {setting.why}." in told_of[0], key
        assert after == before or not isinstance(after, str) or str(tmp_path) in after, (key, after)


@pytest.mark.parametrize(("kind", "file"), [(kind, file) for kind, files in TABLES.items() for file in files])
def test_a_key_that_is_in_no_table_is_told(originals, tmp_path, kind, file):
    before, after = changed(originals[kind], tmp_path / "folder", file, "flavour", 7, {})
    told_of = [note for note in after[1] if note not in before[1]]
    assert after[0] == before[0]
    assert len(told_of) == 1
    assert told_of[0].endswith("`flavour` is unknown to this library, and not used.")


@pytest.mark.parametrize("kind", TABLES)
def test_a_usual_folder_has_nothing_to_tell(originals, kind):
    checkpoint = open_checkpoint(originals[kind])
    assert checkpoint.notes() == []


def test_what_check_says(tmp_path):
    table = {"a": only("x", None), "b": only(False), "c": told("it is not done", 1), "d": only([])}
    assert check({"a": None, "b": None, "c": 1, "d": []}, table, "F") == []
    assert check({"c": [1, "é"], "e": 1, "f": 2, "g": 3}, table, "F") == [
        'F: `c` is [1, "é"]: it is not done.',
        "F: `e`, `f` and `g` are unknown to this library, and not used.",
    ]
    with pytest.raises(CheckpointError, match=r"F: `e` must be true, but is null\."):
        check({"e": None}, {"e": only(True)}, "F")
    with pytest.raises(CheckpointError) as caught:
        check({"a": "y", "b": 0, "d": "z" * 99}, table, "F")
    assert (
        str(caught.value)
        == f"F: `a` must be x, but is y; `b` must be false, but is 0; `d` must be [], but is {'z' * 59}…."
    )


WRITTEN_BY_TRANSFORMERS = (
    "_name_or_path add_cross_attention architectures attention_probs_dropout_prob bad_words_ids begin_suppress_tokens "
    "bos_token_id chunk_size_feed_forward classifier_dropout cross_attention_hidden_size decoder_start_token_id "
    "diversity_penalty do_sample dtype early_stopping encoder_no_repeat_ngram_size eos_token_id "
    "exponential_decay_length_penalty finetuning_task forced_bos_token_id forced_eos_token_id hidden_act "
    "hidden_dropout_prob hidden_size id2label initializer_range intermediate_size is_decoder is_encoder_decoder "
    "label2id layer_norm_eps length_penalty max_length max_position_embeddings min_length model_type "
    "no_repeat_ngram_size num_attention_heads num_beam_groups num_beams num_hidden_layers num_return_sequences "
    "output_attentions output_hidden_states output_scores pad_token_id position_embedding_type prefix problem_type "
    "pruned_heads remove_invalid_values repetition_penalty return_dict return_dict_in_generate sep_token_id "
    "suppress_tokens task_specific_params temperature tf_legacy_loss tie_encoder_decoder tie_word_embeddings "
    "tokenizer_class top_k top_p torchscript transformers_version type_vocab_size typical_p use_bfloat16 use_cache "
    "vocab_size"
)
"""`BertConfig().to_dict()` of Transformers 4.57; that of 5.24 has no other keys."""

WRITTEN_BY_ITS_TOKENIZERS = (
    "added_tokens_decoder clean_up_tokenization_spaces cls_token do_basic_tokenize do_lower_case extra_special_tokens "
    "mask_token model_max_length never_split pad_token sep_token strip_accents tokenize_chinese_chars tokenizer_class "
    "unk_token backend is_local local_files_only"
)
"""tokenizer_config.json of BertTokenizer and BertTokenizerFast of the same."""


def test_the_tables_hold_what_transformers_writes():
    assert set(WRITTEN_BY_TRANSFORMERS.split()) <= set(HUGGING_FACE_CONFIG)
    assert set(WRITTEN_BY_ITS_TOKENIZERS.split()) <= set(TOKENIZER_CONFIG)


def test_a_preset_of_kerashub_with_a_head(originals, tmp_path):
    backbone = keras_hub.models.BertBackbone(29, 1, 2, 22, 17, max_sequence_length=13)
    tokenizer = keras_hub.models.BertTokenizer(PIECES, lowercase=True)
    preprocessor = keras_hub.models.BertTextClassifierPreprocessor(tokenizer, sequence_length=11)
    keras_hub.models.BertTextClassifier(backbone, 3, preprocessor).save_to_preset(tmp_path)
    assert open_checkpoint(tmp_path).notes() == [
        f"{tmp_path / 'task.json'}: the head of BertTextClassifier is not read: the encoder is, alone.",
        f"{tmp_path / 'preprocessor.json'} says that texts are cut at 11 tokens; an encoder alone reads up to 13.",
    ]


def test_a_length_of_kerashub_that_is_none(originals, tmp_path):
    shutil.copytree(originals["KerasHub"], tmp_path / "preset")
    file = tmp_path / "preset" / "preprocessor.json"
    change_json(file, {"sequence_length": "long"}, ["config"])
    with pytest.raises(CheckpointError) as caught:
        open_checkpoint(tmp_path / "preset")
    assert str(caught.value) == f'{file}, `config`: `sequence_length` must be a positive integer, but is "long".'


def test_shards_of_kerashub(originals, tmp_path):
    shutil.copytree(originals["KerasHub"], tmp_path / "preset")
    (tmp_path / "preset" / "model.weights.h5").unlink()
    write_json(tmp_path / "preset" / "model.weights.json", {"weight_map": {}})
    with pytest.raises(CheckpointError) as caught:
        open_checkpoint(tmp_path / "preset")
    assert str(caught.value) == (
        f"{tmp_path / 'preset'} holds its weights in shards (model.weights.json), which are not read: load the "
        "backbone with KerasHub and save it with `save_to_preset(folder, max_shard_size=None)`."
    )
