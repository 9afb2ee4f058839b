import numpy as np
import pytest
import tensorflow as tf
from close import NETWORK, SUMS, assert_close
from keras import ops

import keras_transformers as kt
from keras_transformers.api.attend.record import attentions, recording
from keras_transformers.cli import parser as cli
from keras_transformers.errors import DataError, RunError
from keras_transformers.layers import MultiHeadAttention
from keras_transformers.text.special import BOS


@pytest.fixture(scope="module")
def seen(trained):
    return kt.attend(trained, "3 May 2021")


def test_a_translation_has_three_kinds(seen, trained):
    tokens = [*"3 May 2021", "</s>"]
    encoder, decoder, cross = seen.maps
    assert (encoder.kind, decoder.kind, cross.kind) == ("encoder", "decoder", "cross")
    assert encoder.queries == encoder.keys == cross.keys == tokens
    assert decoder.queries == cross.queries
    assert decoder.keys == ["<s>", *decoder.queries[:-1]]
    assert seen.answer == "".join(decoder.queries).removesuffix("</s>")
    for one in seen.maps:
        heads = 4 if one.kind == "cross" else 2  # as in the recipe
        assert [each.shape for each in one.layers] == [(heads, len(one.queries), len(one.keys))]
        assert_close(one.layers[0].sum(-1), 1.0, SUMS)
    assert np.triu(decoder.layers[0], 1).max() == 0


def test_it_is_what_decoding_step_by_step_attends_to(trained):
    seen = kt.attend(trained, "3 May 2021", second="2021-05-03")
    model, tokenizer = trained.model(), trained.tokenizer()
    source = tf.constant([[*tokenizer.encode(["3 May 2021"])[0].numpy(), 3]])
    heard = [BOS, *tokenizer.encode(["2021-05-03"])[0].numpy()]
    state = model.begin({"source": source}, len(heard))
    found = attentions(model)
    for index, token in enumerate(heard):
        with recording([*found["decoder"], *found["cross"]]) as weights:
            _, state = model.step(tf.constant([[token]]), state)
        own, cross = weights
        assert_close(own[:, 0, : index + 1], seen.maps[1].layers[0][:, index, : index + 1], NETWORK)
        assert_close(cross[:, 0], seen.maps[2].layers[0][:, index], NETWORK)


def test_a_given_translation_is_looked_at(trained):
    seen = kt.attend(trained, "3 May 2021", second="2021")
    assert seen.maps[1].queries == [*"2021", "</s>"]
    assert (seen.text, seen.answer) == ("3 May 2021", "2021")


def test_an_encoder_reads_a_text_or_a_pair(bert_run):
    alone = kt.attend(bert_run, "river bank")
    (only,) = alone.maps
    assert (only.kind, only.queries[0], only.queries[-1], alone.answer) == ("encoder", "[CLS]", "[SEP]", None)
    assert only.queries == only.keys
    pair = kt.attend(bert_run.path, "river bank", "deposit")
    assert pair.maps[0].queries[: len(only.queries)] == only.queries
    assert pair.maps[0].queries.count("[SEP]") == 2
    assert pair.text == "river bank · deposit"
    assert [each.shape for each in pair.maps[0].layers] == [(2, *[len(pair.maps[0].keys)] * 2)] * 3


class Halved(MultiHeadAttention):
    """A user's attention."""

    def normalize(self, scores, mask):
        return super().normalize(scores, mask) / 2


class Silent(MultiHeadAttention):
    """One that weighs in a way of its own."""

    def attend(self, query, key, value, mask, bias):
        return query


def test_a_users_attention_is_recorded_and_left_as_it_was():
    x = np.random.default_rng(0).normal(size=(1, 5, 26)).astype("float32")
    layer = Halved(heads=2)
    before = layer(x)
    with recording([layer]) as weights:
        during = layer(x)
    assert_close(weights[0].sum(-1), np.full((2, 5), 0.5), SUMS)
    np.testing.assert_array_equal(before, during)
    assert "normalize" not in vars(layer)


def test_attention_without_weights():
    x = np.zeros((1, 3, 26), "float32")
    with pytest.raises(RunError, match=r"^The attention weights of `Silent` cannot be seen: it did not call its meth"):
        see(Silent(heads=2), x)
    with pytest.raises(RunError, match=r"^The attention weights of `object` cannot be seen: it has no method `norm"):
        see(object(), x)


def see(layer, x):
    with recording([layer]):
        layer(x)


def test_weights_that_are_not_numbers():
    class Broken(MultiHeadAttention):
        def normalize(self, scores, mask):
            return ops.full_like(scores, float("nan"))

    with pytest.raises(
        RunError,
        match=r"^The attention weights of `Broken` cannot be seen: it gives weights that are not all finite numbers",
    ):
        see(Broken(heads=2), np.zeros((1, 3, 26), "float32"))


@pytest.mark.parametrize(
    ("text", "second", "sentence"),
    [
        ("", None, "`text` must hold a token, but has none."),
        ("1" * 128, None, "`text` must have at most 128 tokens to be drawn, but has 129."),
        ("1", "2" * 130, "`second` must have at most 128 tokens to be drawn, but has 131."),
        ("a\udcff", None, r"`text` must be UTF-8 text, but is 'a\udcff'."),
    ],
)
def test_text_that_cannot_be_drawn(trained, text, second, sentence):
    with pytest.raises(DataError) as raised:
        kt.attend(trained, text, second)
    assert str(raised.value) == sentence


def test_text_longer_than_the_positions(bert_run):
    with pytest.raises(DataError, match=r"^`text` must have at most 43 tokens to be drawn, but has 62"):
        kt.attend(bert_run, ". " * 60)


def test_command_line_draws(trained, tmp_path, capsys):
    for name in ("page.html", "picture.png"):
        path = tmp_path / name
        assert cli.main(["attend", str(trained.path), "3 May", "--out", str(path)]) == 0
        assert capsys.readouterr().out == f"{path}\n"
        assert path.stat().st_size > 1000
    assert cli.main(["attend", str(trained.path), "3 May", "--out", str(tmp_path / "page.svg")]) == 2
    assert capsys.readouterr().err.endswith(f"`--out` must end in .html or .png, but is {tmp_path}/page.svg.\n")


def test_a_long_text_is_counted_whole(bert_run):
    with pytest.raises(DataError) as caught:
        kt.attend(bert_run, "a " * 601)
    assert str(caught.value) == "`text` must have at most 43 tokens to be drawn, but has 603."
