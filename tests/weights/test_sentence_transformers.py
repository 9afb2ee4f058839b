"""Folders of sentence-transformers: what makes a vector of a text is done, or the user is told."""

import json

import numpy as np
import pytest
import tensorflow as tf
from folders import change_json, sentence_transformers, write_json
from small_bert import PIECES, weights_of

from keras_transformers.api.embed import embed
from keras_transformers.api.export_huggingface import export_huggingface
from keras_transformers.api.import_checkpoint import import_checkpoint
from keras_transformers.errors import CheckpointError
from keras_transformers.text.packing import pack
from keras_transformers.weights import open_checkpoint

PROMPTS = "config_sentence_transformers.json"
LONG = "a b c d e f g h i j k l m n o p"


@pytest.fixture
def sentence(tmp_path, tensors):
    return sentence_transformers(tmp_path / "sentence", tensors)


def task_of(path):
    return open_checkpoint(path).task()


def test_what_it_says_of_vectors(sentence):
    assert task_of(sentence) == {"type": "sentence_embedding", "pooling": "mean", "normalize": True, "length": 11}
    assert open_checkpoint(sentence).recipe()["task"] == task_of(sentence)


@pytest.mark.parametrize(
    ("own", "tokenizer", "length"), [(7, 5, 7), (None, 5, 5), (None, 512, None), (512, 7, None), (13, 7, None)]
)
def test_the_length_is_its_own_else_the_tokenizers_else_the_positions(sentence, own, tokenizer, length):
    change_json(sentence / "sentence_bert_config.json", {"max_seq_length": own})
    change_json(sentence / "tokenizer_config.json", {"model_max_length": tokenizer})
    assert task_of(sentence).get("length") == length
    assert open_checkpoint(sentence).notes() == []


def test_vectors_of_long_texts_with_a_prompt(sentence, tmp_path):
    change_json(sentence / PROMPTS, {"prompts": {"query": "q r ", "other": ""}, "default_prompt_name": "query"})
    change_json(sentence / "sentence_bert_config.json", {"max_seq_length": 7})
    run = import_checkpoint(sentence, tmp_path / "run")
    task = run.recipe.tree["task"]
    assert (task["length"], task["prompt"]) == (7, "q r ")
    serving = run.serving()
    found = serving(tf.constant([LONG, "a b c", "a b"]))
    assert found["truncated"].numpy().tolist() == [True, False, False]
    np.testing.assert_allclose(found["vector"][0], found["vector"][1], rtol=0, atol=1e-6)  # [CLS] q r a b c [SEP]
    tokens, segments = pack(run.tokenizer(), tf.constant(["q r a b c"]))
    inputs = {name: one.to_tensor() for name, one in (("tokens", tokens), ("segments", segments))}
    inputs |= {f"second_{name}": one for name, one in inputs.items()}
    expected = run.model()(inputs)["first"].numpy()
    np.testing.assert_allclose(found["vector"].numpy()[:1], expected, rtol=0, atol=1e-6)
    with pytest.warns(UserWarning, match=r"1 of 2 texts are longer than the model reads \(7 tokens\)"):
        np.testing.assert_allclose(embed(run, [LONG, "a b c"])[:1], expected, rtol=0, atol=1e-6)


def test_there_and_back(sentence, tmp_path):
    change_json(sentence / PROMPTS, {"prompts": {"query": "q: "}, "default_prompt_name": "query"})
    run = import_checkpoint(sentence, tmp_path / "run")
    export_huggingface(run, tmp_path / "theirs")
    back = import_checkpoint(tmp_path / "theirs", tmp_path / "back")
    assert back.recipe.tree["task"] == run.recipe.tree["task"]
    assert back.report["notes"] == run.report["notes"] == []
    theirs = tmp_path / "theirs"
    settings = {name: json.loads((theirs / name).read_text()) for name in (PROMPTS, "tokenizer_config.json")}
    assert settings[PROMPTS] == {"prompts": {"default": "q: "}, "default_prompt_name": "default"}
    assert settings["tokenizer_config.json"]["model_max_length"] == 11
    export_huggingface(run, tmp_path / "theirs", overwrite=True)


def test_other_prompts_are_told(sentence):
    prompts = {"query": "find: ", "document": "", "long": "x" * 99}
    change_json(sentence / PROMPTS, {"prompts": prompts})
    assert open_checkpoint(sentence).notes() == [
        f"{sentence / PROMPTS}: prompts for some texts are not put before them: query (find: ), long ({'x' * 59}…). "
        "For one of them write `prompt` under `task` in the run's recipe.yaml, or add it to your texts."
    ]
    assert "prompt" not in task_of(sentence)


@pytest.mark.parametrize(
    ("tokenizer", "expected"),
    [
        ({"do_lower_case": False}, {"lowercase": True, "strip_accents": False}),
        ({"do_lower_case": False, "strip_accents": True}, {"lowercase": True, "strip_accents": True}),
        ({"do_lower_case": True}, {"lowercase": True}),
        ({"do_lower_case": None}, {"lowercase": True, "strip_accents": True}),
    ],
)
def test_lower_case_before_the_tokenizer(sentence, tokenizer, expected):
    change_json(sentence / "tokenizer_config.json", tokenizer)
    change_json(sentence / "sentence_bert_config.json", {"do_lower_case": True})
    found = open_checkpoint(sentence).recipe()["tokenizer"]
    assert {key: value for key, value in found.items() if key not in ("type", "vocab_size")} == expected
    assert open_checkpoint(sentence).guesses() == {}


def modules(path, *kinds):
    """Write modules.json of classes, each in a folder of its own but for the first."""
    value = [{"type": kind, "path": f"{index}_x" if index else ""} for index, kind in enumerate(kinds)]
    write_json(path / "modules.json", value)


OURS = "sentence_transformers.models."


def cut(path):
    return f"{path} says that texts are cut at 11 tokens; an encoder alone reads up to 13."


@pytest.mark.parametrize(
    ("kinds", "what"),
    [
        ((f"{OURS}Transformer", f"{OURS}Pooling", f"{OURS}Dense", f"{OURS}Normalize"), "the layer Dense"),
        ((f"{OURS}Transformer", f"{OURS}Normalize", f"{OURS}Pooling"),
         "its layers in the order Transformer, Normalize, Pooling"),
        ((f"{OURS}Transformer", "custom_st.Pooling"), "the layer custom_st.Pooling"),
        (("custom_st.Transformer", f"{OURS}Pooling"), "the layer custom_st.Transformer"),
        ((f"{OURS}Transformer", f"{OURS}Pooling", "custom_st.Normalize"), "the layer custom_st.Normalize"),
        ((f"{OURS}Transformer", f"{OURS}SpladePooling"), "the layer SpladePooling"),
        ((f"{OURS}Transformer",), "no layer that pools"),
    ],
)  # fmt: skip
def test_a_chain_that_is_not_read(sentence, kinds, what):
    modules(sentence, *kinds)
    write_json(sentence / "1_x" / "config.json", {"pooling_mode_mean_tokens": True})
    assert task_of(sentence) is None
    assert open_checkpoint(sentence).notes() == [
        f"{sentence} makes sentence vectors with {what}, which is not read: its encoder is, alone.",
        cut(sentence),
    ]


@pytest.mark.parametrize(
    ("settings", "normalize", "pooling"),
    [
        ({"pooling_mode_cls_token": True}, False, "cls"),
        ({"pooling_mode_mean_sqrt_len_tokens": True}, True, "mean"),  # of length 1, it is the mean
        ({"pooling_mode": "cls"}, True, "cls"),
        ({"pooling_mode": ["mean"]}, True, "mean"),
        ({"pooling_mode_cls_token": False}, True, "mean"),
        ({"pooling_mode_mean_tokens": True, "include_prompt": False}, True, "mean"),
    ],
)
def test_ways_of_pooling(sentence, settings, normalize, pooling):
    names = ("Transformer", "Pooling", "Normalize")[: 3 if normalize else 2]
    modules(sentence, *(f"sentence_transformers.sentence_transformer.modules.{name}" for name in names))
    write_json(sentence / "1_x" / "config.json", settings)
    task = {"type": "sentence_embedding", "pooling": pooling, "normalize": normalize, "length": 11}
    assert task_of(sentence) == task


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ({"pooling_mode_mean_sqrt_len_tokens": True}, "pooling by mean_sqrt_len_tokens"),
        ({"pooling_mode_cls_token": True, "pooling_mode_max_tokens": True}, "pooling by cls_token and max_tokens"),
        ({"pooling_mode": ["mean", "max"]}, "pooling by mean and max"),
        ({"pooling_mode": "lasttoken"}, "pooling by lasttoken"),
    ],
)
def test_ways_of_pooling_that_are_not_read(sentence, settings, what):
    modules(sentence, f"{OURS}Transformer", f"{OURS}Pooling")
    write_json(sentence / "1_x" / "config.json", settings)
    assert task_of(sentence) is None
    assert open_checkpoint(sentence).notes() == [
        f"{sentence} makes sentence vectors with {what}, which is not read: its encoder is, alone.",
        cut(sentence),
    ]


def test_a_way_of_pooling_that_is_neither_true_nor_false(sentence):
    change_json(sentence / "1_Pooling" / "config.json", {"pooling_mode_max_tokens": 1})
    with pytest.raises(CheckpointError, match=r"`pooling_mode_max_tokens` must be true or false, but is 1\."):
        open_checkpoint(sentence)


def test_a_classifier_of_setfit_is_told(sentence):
    (sentence / "model_head.pkl").write_bytes(b"")
    assert open_checkpoint(sentence).notes() == [
        f"{sentence / 'model_head.pkl'}: SetFit's classifier is not read, for it can hold code: what makes the vectors "
        "is."
    ]


def test_a_prompt_that_is_not_pooled(sentence):
    change_json(sentence / PROMPTS, {"prompts": {"query": "q "}, "default_prompt_name": "query"})
    change_json(sentence / "1_Pooling" / "config.json", {"include_prompt": False})
    assert task_of(sentence) is None
    assert open_checkpoint(sentence).notes() == [
        f"{sentence} makes sentence vectors with pooling that leaves the prompt out, which is not read: its encoder "
        "is, alone, without its prompt (q ).",
        cut(sentence),
    ]


def test_an_encoder_in_a_folder_of_its_own(sentence, model):
    inner = sentence / "0_Transformer"
    inner.mkdir()
    for name in ("config.json", "model.safetensors", "vocab.txt", "tokenizer_config.json", "sentence_bert_config.json"):
        (sentence / name).rename(inner / name)
    change_json(sentence / "modules.json", {"path": "0_Transformer"}, [0])
    assert task_of(sentence)["length"] == 11
    recipe = open_checkpoint(sentence).recipe()
    assert recipe["tokenizer"]["vocab_size"] == len(PIECES)
    import keras_transformers as kt

    built = kt.build({**{key: recipe[key] for key in ("model", "tokenizer")}, "weights": str(sentence)})
    np.testing.assert_array_equal(weights_of(built)["pooler.kernel"], weights_of(model)["pooler.kernel"])


def test_how_vectors_are_compared(sentence):
    change_json(sentence / PROMPTS, {"similarity_fn_name": "dot"})
    assert open_checkpoint(sentence).notes() == []  # of vectors of length 1, it is the cosine
    modules(sentence, f"{OURS}Transformer", f"{OURS}Pooling")
    write_json(sentence / "1_x" / "config.json", {})
    assert open_checkpoint(sentence).notes() == [
        f"{sentence / PROMPTS}: `similarity_fn_name` is dot: vectors are compared by their cosine."
    ]


@pytest.mark.parametrize(
    ("file", "value", "message"),
    [
        ("modules.json", [], "modules.json is damaged: it names no module."),
        ("modules.json", [{"type": "x"}], "modules.json is damaged: a module must have `type` and `path`, both texts."),
        ("sentence_bert_config.json", {"max_seq_length": "long"},
         "sentence_bert_config.json: `max_seq_length` must be a number above 2, but is long."),
        ("sentence_bert_config.json", {"do_lower_case": 1},
         "sentence_bert_config.json: `do_lower_case` must be true or false, but is 1."),
        (PROMPTS, {"prompts": {"query": 1}},
         f'{PROMPTS}: `prompts` must hold texts by their names, but is {{"query": 1}}.'),
        (PROMPTS, {"prompts": {}, "default_prompt_name": "q"},
         f"{PROMPTS}: `default_prompt_name` must be one of `prompts`, but is q."),
    ],
)  # fmt: skip
def test_damaged_files(sentence, file, value, message):
    write_json(sentence / file, value)
    with pytest.raises(CheckpointError) as caught:
        open_checkpoint(sentence)
    assert str(caught.value) == f"{sentence}/{message}"
