"""The scores of given texts are those that a search gives to its own answers."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_transformers.api.build import build
from keras_transformers.decoding import Greedy
from keras_transformers.predictors import scorer as scorers
from keras_transformers.predictors.completer import Completer
from keras_transformers.predictors.translator import Translator
from keras_transformers.text import Characters
from keras_transformers.text.special import BOS, EOS, PAD

LETTERS = "abcdefghijklmnop"


def drawn(recipe, overrides, seed, scale):
    """Return a model with weights so large that its answers differ; of the seeds tried, with one whose answers end."""
    model = build(recipe, overrides)
    keras.utils.set_random_seed(seed)
    for variable in model.trainable_variables:
        variable.assign(variable + scale * keras.random.normal(variable.shape))
    return model


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    tokenizer = Characters()
    tokenizer.train([LETTERS], tmp_path_factory.mktemp("letters"))
    return tokenizer


def transformer(tokenizer, seed=3, **changes):
    small = {"model.dim": 16, "model.vocab_size": tokenizer.size, "model.encoder.layers": 2, "model.decoder.layers": 2}
    small |= {"model.tie": "none", "model.output_bias": True, "tokenizer": None, "data": None, "task": None}
    small |= {f"model.{side}.block.norm_order": "pre" for side in ("encoder", "decoder")}
    model = drawn("transformer_tiny", {**small, "training": None, **changes}, seed, 0.5)
    bias = model.get_layer("logits").bias
    bias.assign(bias + 7.0 * np.eye(tokenizer.size)[EOS])
    return model


@pytest.fixture(scope="module")
def translator(tokenizer):
    return Translator(transformer(tokenizer), tokenizer, Greedy(max_ratio=2.0, max_extra=20))


def language_model(tokenizer, seed=2, **changes):
    small = {"model.dim": 16, "model.vocab_size": tokenizer.size, "model.decoder.layers": 1, "data": None, "task": None}
    small |= {"model.decoder.block.attention.heads": 2, "model.decoder.block.feed_forward.hidden_dim": 29}
    return drawn("gpt_tiny", {**small, "training": None, "tokenizer": None, **changes}, seed, 0.3)


@pytest.fixture(scope="module")
def completer(tokenizer):
    return Completer(language_model(tokenizer), tokenizer, Greedy(max_ratio=2.0, max_extra=20), 64)


def texts(count, longest=11):
    draw = np.random.default_rng(7)
    return ["".join(draw.choice(list(LETTERS), draw.integers(1, longest))) for _ in range(count)]


def strings(found):
    return [text.decode() for text in found.numpy().ravel()]


def test_a_greedy_answer_has_the_score_that_the_search_gave_it(translator):
    sources = texts(97)
    answers = translator(tf.constant(sources))
    said = strings(answers["text"])
    found = translator.scorer()(tf.constant(sources), tf.constant(said))
    ended = [number for number, text in enumerate(said) if len(text) < 2 * (len(sources[number]) + 1) + 20 - 1]
    assert len(ended) > 60
    assert len({said[number] for number in ended}) > 8
    np.testing.assert_allclose(found["score"].numpy()[ended], answers["score"].numpy()[ended], rtol=0, atol=1e-4)
    worse = translator.scorer()(tf.constant(sources), tf.constant([f"{text}a" for text in said]))
    assert (worse["score"].numpy()[ended] < found["score"].numpy()[ended]).all()


def test_the_tokens_of_a_continuation_have_the_score_that_the_search_gave_it(completer):
    prompts = texts(97)
    answers = completer(tf.constant(prompts))
    said = strings(answers["text"])
    found = completer.scorer()(tf.constant([prompt + text for prompt, text in zip(prompts, said)]))
    each = found["token_scores"].numpy()
    ended = [number for number, text in enumerate(said) if len(text) < 2 * (len(prompts[number]) + 1) + 20 - 1]
    assert len({said[number] for number in ended}) > 20
    for number in ended:
        total = each[number, len(prompts[number]) :].sum()
        assert total == pytest.approx(float(answers["score"][number]), abs=1e-4)


@pytest.mark.parametrize("start", [BOS, PAD, EOS])
def test_each_token_is_scored_after_those_before_it(tokenizer, start):
    model = transformer(tokenizer, **{"model.start": start})
    score = Translator(model, tokenizer, None).scorer()
    sources, targets = ["abc", "p", "bcdefgh"], ["ba", "", "dddde"]
    found = score(tf.constant(sources), tf.constant(targets))
    assert found["tokens"].shape == found["token_scores"].shape == (3, 6)
    never = sorted({PAD, start} - {EOS})
    for row, (source, target) in enumerate(zip(sources, targets)):
        ids = [*tokenizer.encode([target])[0].numpy(), EOS]
        read = np.array([[*tokenizer.encode([source])[0].numpy(), EOS]])
        logits = model({"source": read, "target": np.array([[start, *ids[:-1]]])}).numpy()[0].astype("float64")
        logits[:, never] = -np.inf
        wanted = logits[range(len(ids)), ids] - np.log(np.exp(logits).sum(-1))
        np.testing.assert_allclose(found["token_scores"][row, : len(ids)], wanted, rtol=0, atol=1e-4)
        assert float(found["score"][row]) == pytest.approx(wanted.sum(), abs=1e-4)
        assert strings(found["tokens"][row]) == [*target, "</s>", *[""] * (6 - len(ids))]
        assert not found["token_scores"][row, len(ids) :].numpy().any()


def test_a_pair_does_not_depend_on_the_others_and_memory_is_bounded(translator, monkeypatch):
    """Few logits at once: many batches, in each of which sources and targets are of any lengths."""
    monkeypatch.setattr(scorers, "LOGITS", 53 * translator.model.output_shape[-1])
    shapes = []
    score = translator.scorer()
    model = score.model

    def watched(inputs, **options):
        tf.py_function(lambda *both: shapes.append([tuple(one.shape) for one in both]), list(inputs.values()), [])
        return model(inputs, **options)

    watched.output_shape, watched.start = model.output_shape, model.start
    score.model = watched
    sources, targets = texts(61, 23), texts(61, 31)[::-1]
    together = score(tf.constant(sources), tf.constant(targets))
    assert sum(rows for (rows, _), _ in shapes) == 61
    assert max(rows * max(source, target) for (rows, source), (_, target) in shapes) <= 53
    plain = translator.scorer()
    alone = [plain(tf.constant([one]), tf.constant([two]))["score"][0] for one, two in zip(sources, targets)]
    np.testing.assert_allclose(together["score"], alone, rtol=0, atol=1e-4)


def test_nothing_in_nothing_out(translator, completer):
    nothing = tf.constant([], tf.string)
    for found in (translator.scorer()(nothing, nothing), completer.scorer()(nothing)):
        assert {name: tuple(one.shape) for name, one in found.items()} == {
            "score": (0,), "tokens": (0, 0), "token_scores": (0, 0),
        }  # fmt: skip


def test_what_is_longer_than_the_positions_is_refused_with_its_line(tokenizer):
    model = transformer(tokenizer, **{"model.position": {"type": "learned", "max_length": 7}})
    score = Translator(model, tokenizer, None).scorer()
    fits = score(tf.constant(["abcdef"]), tf.constant(["abcdef"]))
    assert np.isfinite(fits["score"].numpy()).all()
    for sources, targets, sentence in (
        (["a", "abcdefg"], ["a", "b"], "The source of line 2 has 7 tokens, but the model can read 6."),
        (["a", "b", "c"], ["", "", "abcdefgh"], "The target of line 3 has 8 tokens, but the model can read 6."),
    ):
        with pytest.raises(tf.errors.InvalidArgumentError) as raised:
            score(tf.constant(sources), tf.constant(targets))
        assert sentence in str(raised.value)
