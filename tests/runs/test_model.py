from typing import Annotated

import keras
import numpy as np
import pytest

import keras_transformers as kt
from keras_transformers import layers
from keras_transformers.api.build import build
from keras_transformers.errors import RecipeError, UnknownComponent
from keras_transformers.registry import local, register
from keras_transformers.registry.assemble import assemble, values
from keras_transformers.runs.model import dtype_policy, vocab_size
from keras_transformers.signature import Given, slot

BLOCK = {
    "type": "encoder_block",
    "attention": {"type": "multi_head", "heads": 2, "head_dim": 11},
    "feed_forward": {"type": "mlp", "hidden_dim": 17, "activation": "gelu"},
    "norm_order": "pre",
    "norm": {"type": "rms_norm", "epsilon": 1e-3},
}
SMALL = {
    "model.dim": 26,
    "model.encoder.block.attention.heads": 2,
    "model.decoder.block.attention.heads": 2,
    "model.decoder.block.cross_attention.heads": 2,
}


@pytest.fixture(scope="module")
def model():
    return build("transformer_tiny", SMALL)


@pytest.fixture
def own():
    """What a test registers is forgotten after it."""
    before = dict(local.registered())
    yield register
    local.registered().clear()
    local.registered().update(before)


def test_a_component_and_those_within_it():
    block = assemble("encoder_block", BLOCK)
    assert type(block) is layers.EncoderBlock
    assert (block.attention.heads, block.attention.head_dim) == (2, 11)
    assert (block.feed_forward.hidden_dim, block.feed_forward.activation) == (17, "gelu")
    assert type(block.norm) is layers.RMSNorm
    assert block.norm.epsilon == 1e-3
    assert block.norm_order is layers.NormOrder.PRE


def test_what_is_left_out_takes_its_default():
    assert assemble("attention", {"type": "multi_head", "heads": 3}).dropout == 0.0
    plain = {name: value for name, value in BLOCK.items() if name != "norm"}
    assert type(assemble("encoder_block", plain).norm) is layers.LayerNorm


def test_nothing_gives_nothing():
    assert assemble("position", None) is None


def test_given_values_fill_what_is_empty_and_no_more():
    given = {"model.dim": 13, "model.vocab_size": 19}
    empty = assemble("embedding", {"type": "scaled", "vocab_size": None}, given)
    assert (empty.dim, empty.vocab_size) == (13, 19)
    own = assemble("embedding", {"type": "scaled", "dim": 7}, given)
    assert (own.dim, own.vocab_size) == (7, 19)


def test_a_parameter_says_which_value_it_is_given(own):
    @own("position", "windowed")
    class Windowed:
        """Takes what the data says."""

        def __init__(self, window: Annotated[int, Given("data.max_length")] | None = None):
            self.window = window

        def call(self, x):
            return x

    tree = {"data": {"type": "data", "max_length": 17, "root": None}, "model": {"dim": 13, "blocks": [3]}}
    assert values(tree) == {"data.type": "data", "data.max_length": 17, "model.dim": 13, "model.blocks": [3]}
    assert assemble("position", {"type": "windowed"}, values(tree)).window == 17
    assert assemble("position", {"type": "windowed", "window": 5}, values(tree)).window == 5
    assert assemble("position", {"type": "windowed"}).window is None


def test_what_was_written_for_version_0_1_is_given_values_by_name(own):
    @own("encoder", "sized")
    class Sized:
        """Says nothing but the names of its parameters; holds another like it."""

        def __init__(
            self,
            dim: int | None = None,
            vocab_size: int | None = None,
            steps: int | None = None,
            inner: slot("encoder") | None = None,
        ):
            self.sizes = dim, vocab_size, steps
            self.inner = inner

        def call(self, x):
            return x

    given = {"model.dim": 13, "model.vocab_size": 19, "training.steps": 23}
    encoder = assemble("encoder", {"type": "sized", "inner": {"type": "sized"}}, given)
    assert encoder.sizes == encoder.inner.sizes == (13, 19, 23)
    encoder = assemble("encoder", {"type": "sized", "dim": 7, "inner": {"type": "sized"}}, given)
    assert encoder.sizes == encoder.inner.sizes == (7, 19, 23)


def test_the_models_width_reaches_the_embedding(model):
    assert model.dim == model.embed.embedding.dim == 26


def test_an_unknown_component():
    with pytest.raises(UnknownComponent, match=r"no component `multi_hed`\. Did you mean `multi_head`\?"):
        assemble("attention", {"type": "multi_hed", "heads": 2})


def test_build_takes_the_tokenizers_vocabulary(model):
    assert kt.load_recipe("transformer_tiny").tree["tokenizer"]["vocab_size"] == 2000
    assert model.vocab_size == model.output.shape[-1] == 2000


def test_the_models_own_vocabulary_comes_first():
    tree = {"model": {"vocab_size": 19}, "tokenizer": {"vocab_size": 23}}
    assert vocab_size(tree) == 19
    assert vocab_size({**tree, "model": {"vocab_size": None}}) == 23
    assert vocab_size({"model": {}, "tokenizer": None}) is None


def test_build_takes_a_name_a_path_a_dict_and_a_recipe(tmp_path):
    recipe = kt.load_recipe("transformer_tiny", SMALL)
    (tmp_path / "mine.yaml").write_text(recipe.to_yaml(), encoding="utf-8")
    for one in (recipe, tmp_path / "mine.yaml", str(tmp_path / "mine.yaml"), recipe.tree):
        assert build(one).dim == 26


def test_build_reports_the_recipes_problems():
    with pytest.raises(RecipeError, match=r"`heads` must divide `model.dim` \(128\), but is 7\."):
        build("transformer_tiny", {"model.encoder.block.attention.heads": 7})


def test_the_seed_decides_the_weights(model):
    same, other = build("transformer_tiny", SMALL), build("transformer_tiny", {**SMALL, "seed": 11})
    tables = [keras.ops.convert_to_numpy(one.embed.embedding.table) for one in (model, same, other)]
    np.testing.assert_array_equal(tables[0], tables[1])
    assert np.abs(tables[0] - tables[2]).max() > 1e-3


def test_precision_holds_for_the_model_and_is_put_back():
    before = keras.config.dtype_policy().name
    model = build("transformer_tiny", {**SMALL, "training.precision": "mixed_bfloat16"})
    assert keras.config.dtype_policy().name == before
    assert {layer.compute_dtype for layer in (model.encoder, model.decoder, model.embed)} == {"bfloat16"}


def test_a_policy_is_put_back_after_an_error():
    before = keras.config.dtype_policy().name
    with dtype_policy("mixed_bfloat16"):
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
    with pytest.raises(ZeroDivisionError), dtype_policy("mixed_bfloat16"):
        1 / 0  # noqa: B018
    assert keras.config.dtype_policy().name == before
    with dtype_policy(None):
        assert keras.config.dtype_policy().name == before


def test_overrides_hold_for_a_loaded_recipe_too():
    recipe = kt.load_recipe("transformer_tiny", SMALL)
    assert build(recipe, {"training.precision": "mixed_bfloat16"}).encoder.compute_dtype == "bfloat16"
    assert build(recipe, {"model.dim": 34}).dim == 34
