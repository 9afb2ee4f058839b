import math

import keras
import numpy as np
import pytest
from close import ROUNDING, SUMS, assert_close
from harness import B, Call, D, H, K, S, T, array, gradients, perturb, random
from keras import ops

from keras_transformers.layers import (
    DecoderBlock,
    FeedForward,
    MultiHeadAttention,
    causal_mask,
    dot_product_scores,
    masked_softmax,
    weighted_sum,
)

CAUSAL = np.tril(np.ones((1, 1, T, T), bool))


class Rotary(MultiHeadAttention):
    """Overrides `transform`: rotates pairs of the first 2⌊K/2⌋ features by their position."""

    def transform(self, x, positions):
        half = self.width // 2
        frequency = 100.0 ** (-ops.arange(half, dtype="float32") / half)
        angle = ops.cast(positions, "float32")[:, None] * frequency
        cos, sin = ops.cos(angle)[None, :, None], ops.sin(angle)[None, :, None]
        a, b, rest = x[..., :half], x[..., half : 2 * half], x[..., 2 * half :]
        return ops.concatenate([a * cos - b * sin, a * sin + b * cos, rest], axis=-1)


class TalkingHeads(MultiHeadAttention):
    """Overrides `scores`, with a weight of its own that mixes the heads."""

    def build(self, query_shape, source_shape=None):
        super().build(query_shape, source_shape)
        self.mix = self.add_weight(name="mix", shape=(self.heads, self.heads), initializer="orthogonal")

    def scores(self, query, key):
        return ops.einsum("bhts,hg->bgts", dot_product_scores(query, key), self.mix)


class Slope(MultiHeadAttention):
    """Overrides `bias`: lowers the score of what is far, as ALiBi does."""

    def bias(self, query_positions, key_positions):
        distance = ops.abs(query_positions[:, None] - key_positions[None, :])
        slopes = 2.0 ** -ops.arange(1, self.heads + 1, dtype="float32")
        return -slopes[:, None, None] * ops.cast(distance, "float32")


class OffByOne(MultiHeadAttention):
    """Overrides `normalize`: a head may attend to nothing."""

    def normalize(self, scores, mask):
        weights = ops.exp(scores) if mask is None else ops.where(mask, ops.exp(scores), 0.0)
        return weights / (1.0 + ops.sum(weights, axis=-1, keepdims=True))


@keras.saving.register_keras_serializable(package="tests")
class RotaryRows(Rotary):
    """The same for positions (L,) and (B, L)."""

    def transform(self, x, positions):
        half = self.width // 2
        frequency = 100.0 ** (-ops.arange(half, dtype="float32") / half)
        angle = ops.expand_dims(ops.cast(positions, "float32"), -1) * frequency
        cos, sin = ops.expand_dims(ops.cos(angle), -2), ops.expand_dims(ops.sin(angle), -2)
        a, b, rest = x[..., :half], x[..., half : 2 * half], x[..., 2 * half :]
        return ops.concatenate([a * cos - b * sin, a * sin + b * cos, rest], axis=-1)


@keras.saving.register_keras_serializable(package="tests")
class SlopeRows(Slope):
    """The same for positions (T,) and (B, T)."""

    def bias(self, query_positions, key_positions):
        distance = ops.abs(ops.expand_dims(query_positions, -1) - ops.expand_dims(key_positions, -2))
        slopes = 2.0 ** -ops.arange(1, self.heads + 1, dtype="float32")
        return -slopes[:, None, None] * ops.cast(ops.expand_dims(distance, -3), "float32")


OF_ONE_ROW = {Rotary: RotaryRows, Slope: SlopeRows}
"""Attentions that know one row of positions, as users wrote them first, and the same for rows of their own."""

VARIANTS = [MultiHeadAttention, Rotary, TalkingHeads, Slope, OffByOne]
each_variant = pytest.mark.parametrize("variant", VARIANTS)


def built(variant, *shapes, **options):
    keras.utils.set_random_seed(3)
    layer = variant(H, head_dim=K, **options)
    layer(*(random(*shape) for shape in shapes or [(B, T, D)]))
    return perturb(layer)


def project(layer, x):
    """Return x (B, L, D) as heads (B, L, H, K), in NumPy."""
    return (x @ array(layer.kernel.value) + array(layer.bias.value)).reshape(*x.shape[:2], H, K)


def by_hand(layer, query, source, mask=None):
    """Return multi-head attention written out, one head, target and source at a time, and its weights."""
    q, k, v = project(layer.query, query), project(layer.key, source), project(layer.value, source)
    context = np.zeros((*query.shape[:2], H, K))
    for b in range(len(query)):
        for h in range(H):
            scores = np.array([[q[b, t, h] @ k[b, s, h] for s in range(k.shape[1])] for t in range(q.shape[1])])
            weights = np.exp(scores / math.sqrt(K))
            weights = weights if mask is None else weights * mask[b]
            context[b, :, h] = weights / weights.sum(-1, keepdims=True) @ v[b, :, h]
    context = context.reshape(*query.shape[:2], H * K)
    return context @ array(layer.output_projection.kernel.value) + array(layer.output_projection.bias.value)


def test_self_attention_is_that_of_the_paper():
    layer, x = built(MultiHeadAttention), random(B, T, D)
    assert_close(array(layer(x)), by_hand(layer, x, x), SUMS)


def test_causal_self_attention_is_that_of_the_paper():
    layer, x = built(MultiHeadAttention), random(B, T, D)
    expected = by_hand(layer, x, x, np.broadcast_to(CAUSAL[0], (B, T, T)))
    assert_close(array(layer(x, mask=CAUSAL)), expected, SUMS)
    assert_close(array(layer(x, mask=causal_mask(np.arange(T), np.arange(T)))), expected, SUMS)


def test_cross_attention_is_that_of_the_paper():
    layer, x, source = built(MultiHeadAttention, (B, T, D), (B, S, 37)), random(B, T, D), random(B, S, 37)
    real = np.arange(S) < np.array([[S], [2], [5]])
    expected = by_hand(layer, x, source, np.broadcast_to(real[:, None], (B, T, S)))
    assert array(layer.key.kernel.value).shape == (37, H * K)
    assert_close(array(layer(x, source, mask=real)), expected, SUMS)


def test_masks_of_every_rank_say_the_same():
    layer, x, source = built(MultiHeadAttention, (B, T, D), (B, S, D)), random(B, T, D), random(B, S, D)
    real = np.arange(S) < np.array([[S], [2], [5]])
    full = np.broadcast_to(real[:, None, None], (B, H, T, S))
    expected = array(layer(x, source, mask=full))
    for mask in (real, full[:, 0], full[:, :1], real[:, None, None]):
        assert_close(array(layer(x, source, mask=mask)), expected, SUMS)


def test_a_mask_of_another_rank():
    with pytest.raises(ValueError, match=r"but has shape \(7,\)\."):
        built(MultiHeadAttention)(random(B, T, D), mask=np.ones(7, bool))


def test_a_row_with_nothing_to_attend_to_is_zeros():
    weights = array(masked_softmax(random(B, H, T, S), np.zeros((B, 1, 1, S), bool)))
    np.testing.assert_array_equal(weights, np.zeros((B, H, T, S)))


@each_variant
def test_a_sentence_that_is_masked_entirely(variant):
    layer, x = built(variant), random(B, T, D)
    mask = np.ones((B, T), bool)
    mask[1] = False

    outputs = array(layer(x, mask=mask))

    bias = array(layer.output_projection.bias.value)
    assert_close(outputs[1], np.broadcast_to(bias, (T, D)), SUMS)
    assert_close(outputs[[0, 2]], array(layer(x))[[0, 2]], SUMS)
    for path, gradient in gradients(layer, Call([x], {"mask": mask})).items():
        assert np.isfinite(gradient).all(), path


def test_weights_sum_to_one_over_what_may_be_seen():
    weights = array(masked_softmax(random(B, H, T, T), CAUSAL))
    assert_close(weights.sum(-1), np.ones((B, H, T)), ROUNDING)
    assert (weights[..., ~CAUSAL[0, 0]] == 0).all()
    assert weights.dtype == np.float32


def test_large_scores_stay_finite():
    scores = 1e4 * random(B, H, T, S)
    assert np.isfinite(array(masked_softmax(scores))).all()
    assert np.isfinite(array(masked_softmax(scores, np.arange(S) < 3))).all()


def test_the_mathematics_keeps_its_axes_apart():
    query, key, value = random(B, T, H, K), random(B, S, H, K), random(B, S, H, K + 2)
    scores = dot_product_scores(query, key)
    assert scores.shape == (B, H, T, S)
    assert_close(array(scores)[2, 1, 4, 6], query[2, 4, 1] @ key[2, 6, 1] / math.sqrt(K), SUMS, size=1.0)
    assert weighted_sum(array(scores), value).shape == (B, T, H, K + 2)


@each_variant
def test_step_by_step_equals_the_causal_pass(variant):
    layer, x = built(variant), random(B, T, D)
    expected = array(layer(x, mask=CAUSAL))

    cache, found = layer.empty_cache(B, T + 3), []
    for index in range(T):
        output, cache = layer.step(x[:, index : index + 1], cache, index)
        found.append(array(output))

    assert_close(np.concatenate(found, axis=1), expected, SUMS)


@each_variant
def test_rows_at_positions_of_their_own(variant):
    """A row whose positions start later, or restart, is computed as it is alone."""
    layer, x = built(variant), random(B, T, D)
    positions = np.array([np.arange(T), np.arange(T) + 17, [0, 1, 0, 1, 2]], "int32")
    layer_of_rows = layer
    if variant in OF_ONE_ROW:
        layer_of_rows = built(OF_ONE_ROW[variant])
        layer_of_rows.set_weights(layer.get_weights())

    outputs = array(layer_of_rows(x, mask=CAUSAL, positions=positions))

    for row in range(B):
        alone = layer(x[row : row + 1], mask=CAUSAL, positions=positions[row])
        assert_close(outputs[row], array(alone)[0], SUMS)


@pytest.mark.parametrize("variant", [MultiHeadAttention, Rotary, TalkingHeads, OffByOne])
def test_a_source_cache_equals_the_source(variant):
    layer, x, source = built(variant, (B, T, D), (B, S, D)), random(B, T, D), random(B, S, D)
    cache = layer.source_cache(source)
    output = layer.read(x, cache)
    assert_close(array(output), array(layer(x, source)), SUMS)
    assert cache["sentence"]["key"].shape == (B, H, K, S)
    assert cache["sentence"]["value"].shape == (B, H, S, K)


@pytest.mark.parametrize("variant", VARIANTS[1:])
def test_an_override_changes_the_outputs(variant):
    layer, plain, x = built(variant), built(MultiHeadAttention), random(B, T, D)
    for name in ("query", "key", "value", "output_projection"):
        getattr(plain, name).kernel.assign(getattr(layer, name).kernel.value)
        getattr(plain, name).bias.assign(getattr(layer, name).bias.value)
    assert np.abs(array(layer(x)) - array(plain(x))).max() > 1e-2


@each_variant
def test_every_variant_trains(variant):
    layer, x = built(variant), random(B, T, D)
    found = gradients(layer, Call([x], {"mask": CAUSAL}))
    assert len(found) == 8 + (variant is TalkingHeads)
    for path, gradient in found.items():
        assert path.endswith("key/bias") or np.abs(gradient).max() > 1e-6, path


@each_variant
def test_every_variant_is_saved(variant, tmp_path):
    x = keras.Input((None, D))
    layer = variant(H, head_dim=K)
    model = keras.Model(x, layer(x))
    perturb(model)
    expected = array(model(random(B, T, D)))

    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras", custom_objects={variant.__name__: variant})

    assert type(again.layers[-1]) is variant
    assert_close(array(again(random(B, T, D))), expected, SUMS)


def decoded_in_a_block(cross_attention):
    """Return the outputs of a block whose self-attention is `Rotary`, step by step and in one pass."""
    keras.utils.set_random_seed(3)
    block = DecoderBlock(Rotary(H, head_dim=K), FeedForward(17), cross_attention=cross_attention)
    x, memory = random(B, T, D), random(B, S, D)
    expected = array(block(x, memory, mask=CAUSAL))

    cache, found = block.begin(B, T, memory), []
    for index in range(T):
        output, cache = block.step(x[:, index : index + 1], cache, index)
        found.append(array(output))
    return np.concatenate(found, axis=1), expected


def test_a_variant_decodes_in_a_block():
    found, expected = decoded_in_a_block(MultiHeadAttention(H, head_dim=K))
    assert_close(found, expected, SUMS)


def test_a_variant_decodes_as_cross_attention_too():
    found, expected = decoded_in_a_block("like_attention")
    assert_close(found, expected, SUMS)


def test_the_width_of_a_head_is_the_models_over_the_heads():
    layer = MultiHeadAttention(13)
    layer(random(B, T, D))
    assert layer.width == D // 13
    assert layer.head_dim is None


@pytest.mark.parametrize("heads", [3, 7])
def test_heads_must_divide_the_width(heads):
    with pytest.raises(ValueError, match=rf"`heads` must divide `dim` \({D}\), but is {heads}\."):
        MultiHeadAttention(heads)(random(B, T, D))


def test_no_bias():
    layer = MultiHeadAttention(H, use_bias=False)
    x = np.zeros((B, T, D), "float32")
    assert not array(layer(x)).any()
    assert len(layer.weights) == 4


class Window(MultiHeadAttention):
    """Overrides `attend`: narrows the mask, then goes on."""

    def attend(self, query, key, value, mask, bias):
        length = ops.shape(key)[1]
        near = ops.less(ops.abs(ops.arange(length)[:, None] - ops.arange(length)[None]), 2)
        return super().attend(query, key, value, near if mask is None else ops.logical_and(mask, near), bias)


class Fused(MultiHeadAttention):
    """Overrides `attend` with what stands for a fused kernel: it knows neither `scores` nor `normalize`."""

    def attend(self, query, key, value, mask, bias):
        return ops.zeros_like(query) if self.is_plain else super().attend(query, key, value, mask, bias)


class FusedTalkingHeads(TalkingHeads, Fused):
    """Its scores are its own, so that no kernel may stand in for them."""


class FusedOffByOne(OffByOne, Fused):
    """Its weights are its own."""


def test_attend_may_be_replaced():
    layer, x = built(Window), random(B, T, D)
    near = np.abs(np.arange(T)[:, None] - np.arange(T)) < 2
    plain = built(MultiHeadAttention)
    plain.set_weights(layer.get_weights())
    expected = array(plain(x, mask=CAUSAL & near))
    assert_close(array(layer(x, mask=CAUSAL)), expected, SUMS)


@pytest.mark.parametrize(("fused", "plain"), [(FusedTalkingHeads, TalkingHeads), (FusedOffByOne, OffByOne)])
def test_scores_and_weights_of_ones_own_never_take_a_fused_path(fused, plain):
    x = random(B, T, D)
    assert_close(array(built(fused)(x, mask=CAUSAL)), array(built(plain)(x, mask=CAUSAL)), SUMS)
    bias = array(built(Fused).output_projection.bias.value)
    assert_close(array(built(Fused)(x))[0, 0], bias, SUMS)


def test_an_object_whose_weights_are_recorded_is_not_plain():
    layer = built(Fused)
    assert layer.is_plain
    vars(layer)["normalize"] = layer.normalize
    assert not layer.is_plain


def test_attention_weights_are_dropped_by_the_layers_own_training():
    layer, x = built(MultiHeadAttention, dropout=0.5), random(B, T, D)
    still = array(layer(x, training=False))
    np.testing.assert_array_equal(array(layer(x)), still)
    assert np.abs(array(layer(x, training=True)) - still).max() > 1e-3
