import keras
import numpy as np
import pytest

import keras_transformers as kt
from keras_transformers.errors import RecipeError
from keras_transformers.layers.attention import dot_product_scores
from keras_transformers.models.matching import Matching, begin_matching

V, T = 131, 11
SIZES = {
    "tokenizer": None,
    "model.vocab_size": V,
    "model.dim": 134,
    "model.encoder.layers": 2,
    "model.encoder.block.attention.heads": 2,
    "model.encoder.block.attention.initializer": "glorot_uniform",
    "model.encoder.block.feed_forward.hidden_dim": 17,
    "model.position.max_length": T,
}


def small(**changes):
    return kt.build("bert_base", {**SIZES, "model.initialization": "matching", **changes})


def first_scores(model, tokens, segments):
    """Return the scores of the first block's heads, (H, T, T)."""
    attention = model.encoder.blocks[0].attention
    x = model.embed(np.array([tokens], "int32"), np.array([segments], "int32"))
    q, k = (keras.ops.reshape(each(x), (1, len(tokens), 2, 67)) for each in (attention.query, attention.key))
    return keras.ops.convert_to_numpy(dot_product_scores(q, k))[0]


def test_the_first_head_finds_a_token_in_the_other_text():
    tokens = [2, 5, 7, 11, 13, 3, 17, 7, 19, 5, 3]
    scores, _ = first_scores(small(), tokens, [0] * 6 + [1] * 5)
    assert scores[2].argmax() == 7
    assert scores[7].argmax() == 2
    assert scores[1].argmax() == 9
    away = np.delete(scores[2], 7)
    assert scores[2, 7] > away.max() + 2
    assert scores[2, 2] < scores[2, 7] - 2  # itself, in its own text


def test_the_other_head_and_block_begin_by_chance():
    first, second = small().encoder.blocks
    for block, columns in ((first, slice(67, None)), (second, slice(None))):
        query, key = (keras.ops.convert_to_numpy(one.kernel) for one in (block.attention.query, block.attention.key))
        assert abs(np.corrcoef(query[:, columns].ravel(), key[:, columns].ravel())[0, 1]) < 0.1


def test_random_is_as_before():
    plain, matching = small(**{"model.initialization": "random"}), small()
    changed = [
        one.path
        for one, other in zip(plain.weights, matching.weights)
        if not np.array_equal(keras.ops.convert_to_numpy(one), keras.ops.convert_to_numpy(other))
    ]
    assert len(changed) == 3
    assert changed[0] == "embed/segments"
    assert changed[1].endswith("/table")
    assert changed[2].endswith("key/kernel")


def test_it_is_saved_and_trained_weights_stay(tmp_path):
    model = small()
    model.embed.table.assign(model.embed.table + 1.0)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert isinstance(again.initialization, Matching)
    for one, other in zip(model.weights, again.weights):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(one), keras.ops.convert_to_numpy(other))


def test_an_attention_without_queries_is_refused():
    model = small()
    with pytest.raises(RecipeError) as caught:
        begin_matching(model.embed, keras.layers.Dense(3))
    assert str(caught.value) == (
        "`model.initialization: matching` needs an attention with kernels `query` and `key` of one size, such as "
        "`attention/multi_head`, not a Dense."
    )
