"""Hugging Face folders, read; whatever is wrong with one is said in a sentence."""

import json

import keras
import numpy as np
import pytest
from awkward_paths import NAMES
from small_bert import CONFIG, PIECES, SIZES, build, outputs, weights_of, write_folder

import keras_transformers as kt
from keras_transformers.errors import CheckpointError
from keras_transformers.weights import checkpoint_format, load_into, open_checkpoint


def check_filled(path, model, notes=()):
    other = build()
    assert load_into(other, path) == list(notes)
    for name, value in outputs(other).items():
        np.testing.assert_array_equal(value, outputs(model)[name])


def test_every_tensor_has_its_place(folder, model):
    check_filled(folder, model)


@pytest.mark.parametrize("name", NAMES[::3])
def test_a_folder_of_any_name(folder, model, name):
    check_filled(folder.rename(folder.with_name(name)), model)


def test_a_large_tensor_is_read_some_rows_at_a_time(folder, model, monkeypatch):
    monkeypatch.setattr(checkpoint_format, "CHUNK", 5 * 22 * 4)
    chunks = list(open_checkpoint(folder).chunks("embeddings.word_embeddings.weight"))
    assert [len(one) for one in chunks] == [5, 5, 5, 5, 5, 4]
    check_filled(folder, model)


def test_the_recipe_builds_the_model(folder, model):
    recipe = open_checkpoint(folder).recipe()
    assert recipe["tokenizer"] == {"type": "wordpiece", "vocab_size": 29, "lowercase": True}
    built = kt.build(recipe)
    load_into(built, folder)
    assert {name: one.shape for name, one in weights_of(built).items()} == {
        name: one.shape for name, one in weights_of(model).items()
    }
    block = built.encoder.blocks[0]
    assert (block.attention.heads, block.norm.epsilon, block.feed_forward.activation) == (2, 1e-12, "gelu")


def test_names_of_models_with_a_head_and_of_older_versions(tmp_path, tensors, model):
    renamed = {"cls.predictions.decoder.weight": tensors["embeddings.word_embeddings.weight"]}
    renamed["bert.embeddings.position_ids"] = np.arange(13, dtype="float32")
    for name, array in tensors.items():
        older = name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")
        renamed[f"bert.{older}"] = array
    renamed["cls.predictions.bias"] = np.zeros(29, "float32")
    note = "Not used, for the model has no such head: cls.predictions.bias."
    check_filled(write_folder(tmp_path / "other", renamed), model, [note])


def test_shards(folder, tensors, model):
    names = list(tensors)
    for number, some in enumerate((names[:11], names[11:])):
        write_folder(folder, {name: tensors[name] for name in some})
        (folder / "model.safetensors").rename(folder / f"part-{number}.safetensors")
    index = {"weight_map": {name: f"part-{int(name not in names[:11])}.safetensors" for name in names}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    check_filled(folder, model)
    (folder / "part-1.safetensors").unlink()
    with pytest.raises(CheckpointError, match=r"part-1\.safetensors cannot be read: there is no such file"):
        open_checkpoint(folder)
    (folder / "model.safetensors.index.json").write_text('{"weight_map": 3}')
    with pytest.raises(CheckpointError, match="is damaged: its `weight_map` names no file for each tensor"):
        open_checkpoint(folder)


def test_without_a_pooler_it_is_new(tmp_path, tensors):
    some = {name: array for name, array in tensors.items() if not name.startswith("pooler.")}
    path = write_folder(tmp_path / "other", some)
    model = build()
    before = model.pooler.kernel.numpy()
    assert load_into(model, path) == [f"`pooler` is not in {path}: its weights are new."]
    np.testing.assert_array_equal(model.pooler.kernel.numpy(), before)


def with_classifier(count):
    backbone = build()
    logits = keras.layers.Dense(count, name="classifier")(backbone(backbone.input)["pooled"])
    return keras.Model(backbone.input, logits)


def test_a_head_is_filled_or_new(tmp_path, tensors):
    head = {"classifier.weight": np.ones((5, 22), "float32"), "classifier.bias": np.arange(5, dtype="float32")}
    path = write_folder(tmp_path / "other", {**tensors, **head})
    model = with_classifier(5)
    assert load_into(model, path) == [f"`classifier` is that of {path}."]
    np.testing.assert_array_equal(model.layers[-1].bias.numpy(), np.arange(5))

    other = with_classifier(3)
    assert load_into(other, path) == [
        f"`classifier` has other shapes in {path} (`classifier.weight` (5, 22), where the model's would be (3, 22); "
        "`classifier.bias` (5,), where the model's would be (3,)): its weights are new."
    ]
    assert np.abs(other.layers[-1].kernel.numpy() - 1).max() > 0.1

    path = write_folder(tmp_path / "half", {**tensors, "classifier.bias": head["classifier.bias"]})
    assert load_into(model, path) == [f"`classifier` is in {path} only in part: its weights are new."]
    path = write_folder(tmp_path / "none", tensors)
    assert load_into(model, path) == [f"`classifier` is not in {path}: its weights are new."]


def test_a_head_for_other_labels_is_not_used(tmp_path, tensors):
    head = {"classifier.weight": np.ones((3, 22), "float32"), "classifier.bias": np.arange(3, dtype="float32")}
    labels = {"0": "ant", "1": "bee", "2": "cat"}
    config = {**CONFIG, "architectures": ["BertForSequenceClassification"], "id2label": labels}
    path = write_folder(tmp_path / "other", {**tensors, **head}, config)
    model = with_classifier(3)
    assert load_into(model, path, {"type": "classification", "labels": ["bee", "ant", "cat"]}) == [
        f"`classifier` of {path} is for other labels (ant, bee, cat; the model's are bee, ant, cat): its weights are "
        "new."
    ]
    assert load_into(model, path, {"type": "classification", "labels": ["ant", "bee", "cat"]}) == [
        f"`classifier` is that of {path}."
    ]


def test_the_sizes_that_differ_are_said_first(folder):
    with pytest.raises(CheckpointError) as caught:
        load_into(build(dim=26), folder)
    assert str(caught.value).splitlines()[0] == (
        f"{folder} cannot fill the model, whose `dim` is 26 and not 22, 52 tensors do not fit:"
    )
    model = build(position={"type": "learned", "max_length": 11}, encoder={**SIZES.model()["encoder"], "layers": 2})
    with pytest.raises(
        CheckpointError, match=r"whose `position\.max_length` is 11 and not 13 and `layers` is 2 and not"
    ):
        load_into(model, folder)


def test_tensors_that_do_not_fit_are_all_listed(tmp_path, tensors):
    tensors["encoder.layer.1.intermediate.dense.weight"] = np.zeros((19, 22), "float32")
    tensors["encoder.layer.7.output.dense.bias"] = np.zeros(22, "float32")
    del tensors["encoder.layer.2.attention.self.key.bias"]
    path = write_folder(tmp_path / "other", tensors)
    model = build()
    before = weights_of(model)
    with pytest.raises(CheckpointError) as caught:
        load_into(model, path)
    assert str(caught.value).splitlines() == [
        f"{path} cannot fill the model, 3 tensors do not fit:",
        "  `encoder.layer.1.intermediate.dense.weight` has shape (19, 22); for this model it must be (17, 22).",
        "  `encoder.layer.2.attention.self.key.bias` is missing; for this model its shape must be (22,).",
        "  `encoder.layer.7.output.dense.bias`, shape (22,), has no place in the model.",
    ]
    for name, array in weights_of(model).items():
        np.testing.assert_array_equal(array, before[name])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"model_type": "roberta"}, r"`model_type` must be bert, the one architecture that is read from Hugging Face "
                                    r"folders, but is roberta\."),
        ({"model_type": None}, "but is missing"),
        ({"hidden_size": None}, "`hidden_size` must be a positive integer, but is null"),
        ({"intermediate_size": 10**30}, r"`intermediate_size` must be at most 10,000,000, but is 1,000,000,000,000,"),
        ({"num_hidden_layers": "many"}, '`num_hidden_layers` must be a positive integer, but is "many"'),
        ({"num_attention_heads": 5}, r"config\.json: `num_attention_heads` must divide `hidden_size` \(22\), but is 5"),
        ({"layer_norm_eps": float("inf")}, "`layer_norm_eps` must be a number, but is Infinity"),
        ({"hidden_act": ["gelu"]}, r"`hidden_act` must be one of gelu, .*, but is \['gelu'\]"),
        ({"hidden_act": "mish"}, "`hidden_act` must be one of gelu, .*, but is 'mish'"),
        ({"position_embedding_type": "relative"}, "`position_embedding_type` must be absolute, but is relative"),
        ({"pad_token_id": 3}, "`pad_token_id` must be 0, but is 3"),
        ({"layer_norm_eps": "tiny"}, '`layer_norm_eps` must be a number, but is "tiny"'),
    ],
)  # fmt: skip
def test_a_configuration_that_is_not_read(tmp_path, tensors, changed, message):
    path = write_folder(tmp_path / "other", tensors, {**CONFIG, **changed})
    with pytest.raises(CheckpointError, match=message):
        open_checkpoint(path)


@pytest.mark.parametrize(
    ("pieces", "message"),
    [
        ([*PIECES, "y"], "holds 30 pieces, but the embedding has 29 rows"),
        (
            ["[masc]" if one == "[MASK]" else one for one in PIECES],
            r"other.vocab\.txt is not a BERT vocabulary: "
            r"it has no piece \[MASK\]",
        ),
        ([PIECES[1], PIECES[0], *PIECES[2:]], r"\[PAD\] must be the first piece, id 0, but that is `\[UNK\]`"),
    ],
)
def test_a_vocabulary_that_does_not_fit(tmp_path, tensors, pieces, message):
    path = write_folder(tmp_path / "other", tensors, pieces=pieces)
    with pytest.raises(CheckpointError, match=message):
        open_checkpoint(path).write_tokenizer(tmp_path / "tokenizer")


def test_the_vocabulary_of_tokenizer_json(folder, tmp_path):
    (folder / "vocab.txt").unlink()
    with pytest.raises(CheckpointError, match=r"holds neither vocab\.txt nor tokenizer\.json: no vocabulary\."):
        open_checkpoint(folder).recipe()
    ids = {piece: index for index, piece in enumerate(PIECES)}
    (folder / "tokenizer.json").write_text(json.dumps({"model": {"type": "WordPiece", "vocab": ids}}))
    open_checkpoint(folder).write_tokenizer(tmp_path / "tokenizer")
    assert (tmp_path / "tokenizer" / "vocab.txt").read_text().splitlines() == PIECES


@pytest.mark.parametrize(
    ("settings", "pieces", "lowercase"),
    [(None, PIECES, True), (None, [*PIECES[:-1], "Q"], False), ({"do_lower_case": False}, PIECES, False)],
)
def test_lower_case_is_as_said_or_as_the_vocabulary_shows(tmp_path, tensors, settings, pieces, lowercase):
    path = write_folder(tmp_path / "other", tensors, pieces=pieces)
    if settings is not None:
        (path / "tokenizer_config.json").write_text(json.dumps(settings))
    assert open_checkpoint(path).recipe()["tokenizer"]["lowercase"] is lowercase


def test_a_tokenizer_that_is_not_read(folder):
    for settings, message in (
        ({"do_lower_case": "yes"}, '`do_lower_case` must be true or false, but is "yes"'),
        ({"strip_accents": 1}, "`strip_accents` must be true or false, but is 1"),
        ({"tokenize_chinese_chars": False}, "`tokenize_chinese_chars` must be true, but is false"),
    ):
        (folder / "tokenizer_config.json").write_text(json.dumps(settings))
        with pytest.raises(CheckpointError, match=message):
            open_checkpoint(folder).recipe()


def test_damaged_json(folder):
    (folder / "tokenizer_config.json").write_text("[" * 100_000)
    with pytest.raises(CheckpointError, match=r"tokenizer_config\.json is damaged: it is not JSON\."):
        open_checkpoint(folder).recipe()


def test_pickled_weights_are_not_read(folder):
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(CheckpointError, match=r"pytorch_model\.bin can hold code and is not read: save it with"):
        open_checkpoint(folder)


def test_an_adapter_that_is_not_read(folder):
    (folder / "adapter_config.json").write_text("{}")
    with pytest.raises(CheckpointError) as caught:
        open_checkpoint(folder)
    assert str(caught.value) == (
        f"{folder / 'adapter_config.json'}: Transformers would change the weights by this adapter, which is not read: "
        "merge it with PEFT's `merge_and_unload`, and save the model."
    )


def test_what_is_no_checkpoint(tmp_path):
    with pytest.raises(CheckpointError, match=r"There is no checkpoint at .*nowhere\."):
        open_checkpoint(tmp_path / "nowhere")
    with pytest.raises(CheckpointError, match=r"is not a checkpoint: it is neither a run directory .* KerasHub preset"):
        open_checkpoint(tmp_path)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(CheckpointError, match=r"config\.json is damaged: it is not JSON\."):
        open_checkpoint(tmp_path)


def test_a_model_of_another_kind(folder):
    with pytest.raises(CheckpointError, match="The checkpoint is of `model/bert`, but the model is a `Sequential`"):
        load_into(keras.Sequential([keras.Input((3,)), keras.layers.Dense(5)]), folder)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_no_numbers(tmp_path, tensors, value):
    table = tensors["embeddings.word_embeddings.weight"].copy()
    table[7, 5] = value
    path = write_folder(tmp_path / "other", {**tensors, "embeddings.word_embeddings.weight": table})
    with pytest.raises(CheckpointError) as caught:
        load_into(build(), path)
    assert str(caught.value) == (
        f"{path} cannot be used: `embeddings.word_embeddings.weight` holds values that are infinite or no numbers "
        "(NaN), as a training leaves behind that has diverged."
    )


def test_a_tensor_that_every_bert_has(tmp_path, tensors):
    del tensors["embeddings.position_embeddings.weight"]
    path = write_folder(tmp_path / "other", tensors)
    with pytest.raises(CheckpointError) as caught:
        open_checkpoint(path)
    assert str(caught.value) == (
        f"{path} holds no tensor `embeddings.position_embeddings.weight`: it is not a BERT, or is damaged."
    )
