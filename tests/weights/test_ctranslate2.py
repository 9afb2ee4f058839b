"""Runs that CTranslate2 loads: what it answers is what we answer, and what it cannot express is said."""

import importlib.util
import json
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from two_languages import recipe as two_languages
from two_languages import sentences

import keras_transformers as kt
from keras_transformers.cli import main
from keras_transformers.decoding import Beam
from keras_transformers.errors import ExportError, RecipeError
from keras_transformers.layers import MultiHeadAttention
from keras_transformers.registry.assemble import assemble
from keras_transformers.runs.run import Run
from keras_transformers.text.special import EOS, PAD
from keras_transformers.weights.ctranslate2 import SPECIAL, differences

WANTED = pytest.mark.skipif(importlib.util.find_spec("ctranslate2") is None, reason="pip install ctranslate2")
SIDES = {"type": "sides", "source": {"type": "sentencepiece", "vocab_size": 31}, "target": {"type": "characters"}}
PIECES = {"type": "sentencepiece", "vocab_size": 47}
BOTH = ("encoder", "decoder")


def both(key, value):
    return {f"model.{side}.block.{key}": value for side in BOTH}


def settings(tokenizer, changes):
    small = {"model.decoder.block.cross_attention": {"type": "multi_head", "heads": 2}}
    small |= {"task.search": {"type": "greedy", "max_ratio": 1.0, "max_extra": 7}}
    return {**small, "model.encoder.layers": 2, **changes}, tokenizer


MODELS = {
    "pre-norm, a tokenizer a side, nothing tied": settings(SIDES, {}),
    "post-norm, one tokenizer, all tied": settings(PIECES, {"model.tie": "all", **both("norm_order", "post")}),
    "target tied, output bias, begins with the end": settings(
        SIDES, {"model.tie": "target", "model.output_bias": True, "model.start": EOS}
    ),
    "begins with padding, as Marian": settings(
        PIECES,
        {"model.start": PAD, "model.position": {"type": "sinusoidal", "layout": "halves"}, "model.output_bias": True},
    ),
    "learned positions, plain embedding": settings(
        SIDES, {"model.position": {"type": "learned", "max_length": 64}, "model.embedding": "token"}
    ),
    "no positions, as fairseq's but for that": settings(SIDES, {"model.position": None, **both("norm_order", "post")}),
    "fairseq's positions, exact gelu": settings(
        SIDES,
        {
            "model.position": {"type": "sinusoidal", "layout": "halves", "endpoint": True, "first": 2},
            **both("feed_forward.activation", "gelu"),
        },
    ),
    "gelu by tanh, biases, root mean squares, another epsilon": settings(
        PIECES,
        {
            **both("feed_forward.activation", "gelu_tanh"),
            **both("attention.use_bias", True),
            **both("norm", {"type": "rms_norm", "epsilon": 1e-3}),
        },
    ),
    "silu, wide heads, encoder and decoder unlike": settings(
        SIDES,
        {
            **both("feed_forward.activation", "silu"),
            **both("attention.head_dim", 11),
            "model.decoder.block.cross_attention": {"type": "multi_head", "heads": 2, "head_dim": 11},
            "model.encoder.block.attention.heads": 3,
            "model.encoder.block.norm_order": "post",
            "model.decoder.block.norm": {"type": "layer_norm", "epsilon": 1e-6},
        },
    ),
    "tanh, padded vocabulary": settings(
        SIDES, {**both("feed_forward.activation", "tanh"), "model.vocab_size": 19, "model.source_vocab_size": 41}
    ),
}


def drawn_run(folder, tokenizer, changes):
    """Return a finished run of a model whose weights are drawn so large that answers differ and many end."""
    folder.mkdir(exist_ok=True)
    recipe = kt.load_recipe(two_languages(folder, tokenizer), changes)
    run = Run(folder / "run")
    run.path.mkdir()
    run.write_recipe(recipe)
    pairs = sentences(307)
    made = assemble("tokenizer", recipe.tree["tokenizer"])
    made.train_sides(*zip(*pairs), run.tokenizer_folder)
    sizes = {"model.vocab_size": made.target.size, "model.source_vocab_size": made.source.size}
    run.write_recipe(recipe.with_overrides({**sizes, **{key: changes[key] for key in sizes if key in changes}}))
    model = kt.build(run.recipe)
    keras.utils.set_random_seed(11)
    for variable in model.trainable_variables:
        variable.assign(variable + 0.3 * keras.random.normal(variable.shape))
    if model.output_bias:
        bias = model.get_layer("logits").bias
        bias.assign(bias + 2.0 * np.eye(made.target.size)[EOS])
    model.save(run.model_file)
    return run


@pytest.fixture(scope="module", params=list(MODELS))
def run(request, tmp_path_factory):
    changes, tokenizer = MODELS[request.param]
    return drawn_run(tmp_path_factory.mktemp("ctranslate2"), tokenizer, changes)


@pytest.mark.long
@WANTED
def test_greedy_answers_are_ours(run, tmp_path):
    import ctranslate2

    folder = kt.export(run, tmp_path / "there", format="ctranslate2")
    theirs = ctranslate2.Translator(str(folder), compute_type="float32", inter_threads=1, intra_threads=1)
    serving = run.serving()
    source, target = (pieces(folder, side) for side in ("source", "target"))
    read = serving.tokenizer.source.encode(list(dict.fromkeys(source for source, _ in sentences(61, 3))))
    ends = tf.fill((read.nrows(), 1), EOS)
    ids, scores, _ = serving.search(serving.model, tf.concat([read, ends], axis=1).to_tensor(PAD))
    ended, different = 0, set()
    for row, said, score in zip(read.to_list(), ids.numpy()[:, 0], scores.numpy()[:, 0]):
        said = said[said != PAD].tolist()
        (found,) = theirs.translate_batch(
            [[source[one] for one in row]],
            beam_size=1,
            length_penalty=0,
            min_decoding_length=0,
            max_decoding_length=int(serving.search.limit(len(row) + 1)),
            return_scores=True,
            return_end_token=True,
        )
        assert [target.index(piece) for piece in found.hypotheses[0]] == said
        assert found.scores[0] == pytest.approx(float(score), abs=1e-4)
        ended += said[-1] == EOS
        different.add(tuple(said))
    assert len(different) > 3
    assert ended > 20 or not serving.model.output_bias


@pytest.mark.long
@WANTED
def test_beam_answers_are_ours_or_less_probable(run, tmp_path):
    """Ours is never the worse: theirs keeps an end only among a step's best four candidates, and stops at four ends."""
    import ctranslate2

    folder = kt.export(run, tmp_path / "there", format="ctranslate2")
    theirs = ctranslate2.Translator(str(folder), compute_type="float32", inter_threads=1, intra_threads=1)
    serving, search = run.serving(), Beam(beams=4, length_penalty=0.0)
    source, target = (pieces(folder, side) for side in ("source", "target"))
    read = serving.tokenizer.source.encode(list(dict.fromkeys(source for source, _ in sentences(61, 3))))
    ends = tf.fill((read.nrows(), 1), EOS)
    ids, scores, _ = search(serving.model, tf.concat([read, ends], axis=1).to_tensor(PAD))
    same = 0
    for row, said, score in zip(read.to_list(), ids.numpy()[:, 0], scores.numpy()[:, 0]):
        (found,) = theirs.translate_batch(
            [[source[one] for one in row]],
            beam_size=4,
            length_penalty=0,
            min_decoding_length=0,
            max_decoding_length=int(search.limit(len(row) + 1)),
            return_scores=True,
            return_end_token=True,
        )
        if [target.index(piece) for piece in found.hypotheses[0]] == said[said != PAD].tolist():
            assert found.scores[0] == pytest.approx(float(score), abs=1e-4)
            same += 1
        else:
            assert found.scores[0] <= float(score) + 1e-4
    assert same > 0.1 * len(scores)  # of random models, few of whose answers end by themselves


@pytest.mark.long
@WANTED
def test_scores_of_given_translations_are_ours(run, tmp_path):
    import ctranslate2

    folder = kt.export(run, tmp_path / "there", format="ctranslate2")
    theirs = ctranslate2.Translator(str(folder), compute_type="float32", inter_threads=1, intra_threads=1)
    pairs, tokenizer = sentences(61, 5), run.tokenizer()
    columns = []
    for name, side, texts in zip(("source", "target"), (tokenizer.source, tokenizer.target), zip(*pairs)):
        vocabulary = pieces(folder, name)
        columns.append([[vocabulary[one] for one in row] for row in side.encode(texts).to_list()])
    for found, ours in zip(theirs.score_batch(*columns), kt.score(run, pairs, tokens=True), strict=True):
        assert found.tokens == ours["tokens"]
        np.testing.assert_allclose(found.log_probs, ours["token_scores"], rtol=0, atol=1e-4)


def pieces(folder, side):
    """Return the vocabulary of a side, in the order of ids."""
    file = folder / f"{side}_vocabulary.json"
    return json.loads((file if file.exists() else folder / "shared_vocabulary.json").read_text(encoding="utf-8"))


@pytest.mark.long
@WANTED
def test_text_goes_through_the_tokenizers_that_lie_beside_it(tmp_path):
    import ctranslate2
    import sentencepiece

    changes, tokenizer = MODELS["target tied, output bias, begins with the end"]
    run = drawn_run(tmp_path, tokenizer, changes)
    status = main(["export", str(run.path), str(tmp_path / "there"), "--format", "ctranslate2"])
    assert status == 0
    assert {path.name for path in (tmp_path / "there").iterdir()} == {
        "model.bin", "config.json", "source_vocabulary.json", "target_vocabulary.json", "tokenizer",
    }  # fmt: skip
    theirs = ctranslate2.Translator(str(tmp_path / "there"))
    reader = sentencepiece.SentencePieceProcessor(str(tmp_path / "there/tokenizer/source/sentencepiece.model"))
    texts = ["one two three", "nine", "seven ☃ zero"]
    for text, wanted in zip(texts, kt.predict(run, texts)):
        read = reader.encode(text, out_type=str)
        (found,) = theirs.translate_batch([read], beam_size=1, min_decoding_length=0, max_decoding_length=len(read) + 8)
        assert "".join(found.hypotheses[0]).replace("<unk>", "⁇") == wanted["text"]


@pytest.fixture(scope="module")
def tiny_run(tmp_path_factory):
    changes, tokenizer = MODELS["post-norm, one tokenizer, all tied"]
    return drawn_run(tmp_path_factory.mktemp("tiny"), tokenizer, changes)


@keras.saving.register_keras_serializable(package="test_ctranslate2")
class OwnAttention(MultiHeadAttention):
    """Another attention, though it changes nothing."""


BLOCK = "model.encoder.block"


@pytest.mark.parametrize(
    ("changes", "clauses"),
    [
        ({}, []),
        (
            {f"{BLOCK}.attention": {"type": "rotary", "heads": 2}},
            [f"`{BLOCK}.attention` must be `multi_head`, but is `rotary`"],
        ),
        (
            both("feed_forward.activation", "elu"),
            [
                f"`model.{side}.block.feed_forward.activation` must be one of `relu`, `gelu`, `gelu_tanh`, `silu`, "
                "`tanh`, but is `elu`"
                for side in BOTH
            ],
        ),
        (
            {f"{BLOCK}.norm": {"type": "layer_norm", "epsilon": 1e-3}, "model.decoder.block.norm": "layer_norm"},
            ["`epsilon` must be the same of all norms"],
        ),
        (
            {"model.decoder.block.cross_attention.heads": 4},
            [
                "`model.decoder.block.cross_attention` must have 2 heads of width 8, as `attention` beside it, but has "
                "4 of width 4"
            ],
        ),
    ],
)
def test_what_it_cannot_express(tmp_path, changes, clauses):
    small = {"model.decoder.block.cross_attention": {"type": "multi_head", "heads": 2}}
    tree = two_languages(tmp_path, PIECES)
    model = kt.build(kt.load_recipe(tree, {**small, "model.vocab_size": 47, "model.source_vocab_size": 47, **changes}))
    assert list(differences(model)) == clauses


def test_an_attention_of_ones_own(tmp_path):
    tree = two_languages(tmp_path, PIECES)
    small = {"model.decoder.block.cross_attention.heads": 2, "model.vocab_size": 47, "model.source_vocab_size": 47}
    config = kt.build(kt.load_recipe(tree, small)).get_config()
    attention = config["encoder"]["config"]["block"]["config"]["attention"]
    attention |= {"class_name": "OwnAttention", "registered_name": "test_ctranslate2>OwnAttention", "module": __name__}
    (clause,) = differences(kt.resolve("model", "transformer").from_config(config))
    assert clause == "`model.encoder.block.attention` must be `multi_head`, but is `OwnAttention`"


def test_quantized_weights(tmp_path):
    tree = two_languages(tmp_path, PIECES)
    small = {"model.decoder.block.cross_attention.heads": 2, "model.vocab_size": 47, "model.source_vocab_size": 47}
    model = kt.build(kt.load_recipe(tree, small))
    model.encoder.block.feed_forward.expand.quantize("int8")
    (clause,) = differences(model)
    assert clause.startswith("its weights must not be quantized")


def test_other_models_and_bad_calls(bert_run, tiny_run, tmp_path, monkeypatch, capsys):
    with pytest.raises(ExportError) as raised:
        kt.export(bert_run, tmp_path / "there", format="ctranslate2")
    sentence = f"{bert_run} cannot be written for CTranslate2: `model` must be `transformer`, but is `bert`."
    assert str(raised.value) == sentence
    assert main(["export", str(bert_run), str(tmp_path / "there"), "--format", "ctranslate2"]) == 2
    assert capsys.readouterr().err == f"{sentence}\n"
    words = ["export", str(tiny_run), str(tmp_path / "there"), "--format", "ctranslate2", "--set", "seed=1"]
    assert main(words) == 2
    assert "--set changes what a SavedModel answers; leave it out with --format ctranslate2." in capsys.readouterr().err
    with pytest.raises(RecipeError, match="leave them out with the format ctranslate2"):
        kt.export(tiny_run, tmp_path / "there", overrides={"seed": 1}, format="ctranslate2")
    with pytest.raises(ExportError) as raised:
        kt.export(tiny_run, tmp_path / "there", format="onnx")
    assert str(raised.value) == "`format` must be savedmodel, huggingface or ctranslate2, but is 'onnx'."
    monkeypatch.setitem(sys.modules, "ctranslate2", None)
    with pytest.raises(ExportError) as raised:
        kt.export(tiny_run, tmp_path / "there", format="ctranslate2")
    assert str(raised.value) == (
        "CTranslate2's own package writes its files: pip install 'keras-transformers[ctranslate2]'."
    )
    assert list(tmp_path.iterdir()) == []


@WANTED
def test_a_folder_is_replaced_only_if_it_is_one(tiny_run, tmp_path):
    folder = kt.export(tiny_run, tmp_path / "there", format="ctranslate2")
    assert json.loads((folder / "shared_vocabulary.json").read_text(encoding="utf-8"))[:4] == list(SPECIAL)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    assert (config["decoder_start_token"], config["eos_token"], config["add_source_eos"]) == ("<s>", "</s>", True)
    assert config["layer_norm_epsilon"] == 1e-6
    with pytest.raises(ExportError, match="already holds a CTranslate2 folder; add --overwrite"):
        kt.export(tiny_run, folder, format="ctranslate2")
    before = (folder / "model.bin").read_bytes()
    kt.export(tiny_run, folder, overwrite=True, format="ctranslate2")
    assert (folder / "model.bin").read_bytes() == before
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(ExportError, match=r"also holds `notes.txt`"):
        kt.export(tiny_run, folder, overwrite=True, format="ctranslate2")
