"""Recipes that earlier versions wrote out in full."""

import pytest

from keras_transformers.errors import RecipeError
from keras_transformers.recipe import load
from keras_transformers.recipe.overrides import read_overrides

CROSS = "model.decoder.block.cross_attention"


def cross_attention(recipe):
    return recipe.tree["model"]["decoder"]["block"]["cross_attention"]


def resolved(value):
    """Return the tree of a small Transformer, written out in full, with `cross_attention` replaced."""
    tree = load("transformer_tiny").tree
    block = {**tree["model"]["decoder"]["block"], "cross_attention": value}
    return {**tree, "model": {**tree["model"], "decoder": {**tree["model"]["decoder"], "block": block}}}


def test_the_default_that_was_null_is_another_like_attention(tmp_path):
    assert cross_attention(load(resolved(None))) == "like_attention"
    current = load("transformer_tiny", [f"{CROSS}=like_attention"])
    text = current.to_yaml().replace("cross_attention: like_attention", "cross_attention: null")
    assert text != current.to_yaml()
    (tmp_path / "old.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "child.yaml").write_text("extends: ./old.yaml\n", encoding="utf-8")
    for name in ("old.yaml", "child.yaml"):
        assert cross_attention(load(tmp_path / name)) == "like_attention"


def test_null_that_a_person_writes_means_none_and_is_refused_where_there_must_be_one():
    with pytest.raises(RecipeError) as caught:
        load("transformer_tiny", [f"{CROSS}=null"])
    sentence = f"--set {CROSS}=null: `{CROSS}`: missing; `model/transformer` needs an attention."
    assert str(caught.value) == sentence
    with pytest.raises(RecipeError, match=r"missing; `model/transformer` needs an attention\."):
        load(load("transformer_tiny"), {CROSS: None})


@pytest.mark.parametrize("written", ["like_attention", {"type": "like_attention"}])
def test_a_word_in_place_of_a_component(written):
    """A word replaces the parent's component as a component's bare name does."""
    assert cross_attention(load("transformer_base", {CROSS: written})) == "like_attention"
    recipe = load("transformer_base", {CROSS: written})
    assert cross_attention(load(recipe.tree)) == "like_attention"
    assert cross_attention(load(recipe, [f"{CROSS}=multi_head", f"{CROSS}.heads=2"]))["heads"] == 2


def test_another_word_is_no_component():
    with pytest.raises(RecipeError) as caught:
        load("transformer_base", {CROSS: "like_atention"})
    assert str(caught.value) == (
        f"--set {CROSS}=like_atention: `{CROSS}`: no attention is called `like_atention`. "
        "Did you mean `like_attention`? There are: multi_head, rotary, like_attention."
    )


def test_overrides_are_read_as_yaml():
    (change,), problems = read_overrides([f"{CROSS}=null"])
    assert not problems
    assert change.plain()["model"]["decoder"]["block"] == {"cross_attention": None}
