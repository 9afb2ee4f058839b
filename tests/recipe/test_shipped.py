"""Walks recipes/: each is valid, loads again from what it resolves to, and has its header."""

import pytest

from keras_transformers.recipe import header, load, names

RECIPES = names()


def test_the_recipes_of_the_zoo_are_there():
    assert {
        "bert_base", "bert_large", "bert_mini", "bert_small", "bert_tiny", "minilm",
        "dates", "dates_rnn", "multi30k_ende", "multi30k_ende_rnn", "tatoeba_enzh",
        "transformer_base", "transformer_big", "transformer_small", "transformer_tiny",
    } <= set(RECIPES)  # fmt: skip


@pytest.mark.parametrize("name", RECIPES)
def test_shipped_recipe(name):
    recipe = load(name)
    assert recipe.tree["summary"]
    assert load(recipe.tree).tree == recipe.tree
    command = f"train:   keras-transformers train {name} --run "
    without_task = f'build:   kt.build("{name}")'
    assert (command if recipe.tree["task"] else without_task) in header(recipe.path)


@pytest.mark.parametrize(
    ("name", "layers", "dim", "heads", "hidden_dim", "dropout", "norm_order"),
    [
        ("transformer_base", 6, 512, 8, 2048, 0.1, "post"),
        ("transformer_big", 6, 1024, 16, 4096, 0.3, "post"),
        ("transformer_small", 3, 256, 4, 1024, 0.1, "post"),
        ("transformer_tiny", 2, 128, 4, 512, 0.1, "post"),
        ("multi30k_ende", 3, 256, 4, 1024, 0.3, "pre"),
    ],
)
def test_sizes_are_the_same_in_encoder_and_decoder(name, layers, dim, heads, hidden_dim, dropout, norm_order):
    model = load(name).tree["model"]
    assert (model["dim"], model["dropout"]) == (dim, dropout)
    for stack in (model["encoder"], model["decoder"]):
        block = stack["block"]
        attentions = [block[key]["heads"] for key in ("attention", "cross_attention") if key in block]
        assert set(attentions) == {heads}
        assert (stack["layers"], block["feed_forward"]["hidden_dim"]) == (layers, hidden_dim)
        assert (block["dropout"], block["norm_order"]) == (dropout, norm_order)


def test_the_papers_training():
    tree = load("transformer_base").tree
    optimizer, schedule = tree["training"]["optimizer"], tree["training"]["schedule"]
    assert (optimizer["beta_1"], optimizer["beta_2"], optimizer["epsilon"]) == (0.9, 0.98, 1e-9)
    assert schedule["warmup"] == 4000
    assert tree["task"]["label_smoothing"] == 0.1
    assert tree["tokenizer"]["vocab_size"] == 37000
