from pathlib import Path

import numpy as np
import pytest
import yaml
from random_text import random_texts

from keras_transformers.errors import RecipeError
from keras_transformers.recipe import header, load, names


def problem_of(recipe):
    with pytest.raises(RecipeError) as caught:
        load(recipe)
    assert len(caught.value.problems) == 1, str(caught.value)
    return caught.value.problems[0]


def test_names_are_the_files(write):
    write("other", "extends: base\n")
    assert names() == ["base", "other"]


@pytest.mark.parametrize("form", [str, Path])
def test_load_by_path(zoo, form):
    recipe = load(form(zoo / "base.yaml"))
    assert recipe.name == "base"
    assert recipe.tree == load("base").tree


def test_a_recipe_loads_to_itself(zoo):
    recipe = load("base")
    assert load(recipe) is recipe
    assert load(recipe.tree).tree == recipe.tree


def test_to_yaml_trains_again_as_it_is(zoo, tmp_path):
    recipe = load("base", ["summary='no: 1e-4 – 日本'", "requires={acme: 'acme>=1'}"])
    path = tmp_path / "saved.yaml"
    path.write_text(recipe.to_yaml(), encoding="utf-8")
    assert load(path).tree == recipe.tree
    assert yaml.safe_load(recipe.to_yaml()) == recipe.tree


def test_with_overrides(zoo):
    recipe = load("base")
    changed = recipe.with_overrides({"model.dim": 24})
    assert (changed.name, changed.tree["model"]["dim"]) == ("base", 24)
    assert recipe.tree["model"]["dim"] == 12
    assert load(recipe, ["model.dim=24"]).tree == changed.tree


def test_load_leaves_the_dict_alone(zoo):
    recipe = {"model": {"type": "transformer", "dim": 4, "encoder": "mixer"}}
    load(recipe, {"seed": 7}).tree["model"]["dim"] = 5
    assert recipe == {"model": {"type": "transformer", "dim": 4, "encoder": "mixer"}}


def test_the_printed_problem(write):
    write("bad", "extends: base\nmodel:\n  encoder: {block: {attention: {heads: eight}}}\n")
    found = problem_of("bad")
    place = (found.file, found.line, found.column, found.path)
    assert place == ("recipes/bad.yaml", 3, 40, "model.encoder.block.attention.heads")
    assert found.message == 'expected an integer of at least 1, found "eight".'
    assert str(found).startswith("recipes/bad.yaml:3:40: ")
    assert str(found).endswith(found.message)


def test_a_name_that_is_not_there(zoo):
    assert problem_of("bass").message == "No recipe is called `bass`. Did you mean `base`? There are: base."


def test_a_file_that_is_not_there(zoo):
    assert problem_of("no/base.yaml").message == ("The recipe file no/base.yaml does not exist. Did you mean `base`?")
    assert problem_of("./recipes/").message == "The recipe file recipes is a folder, not a recipe file."


def test_files_that_are_not_recipes(write, zoo):
    write("empty", "# nothing\n")
    write("list", "- 1\n")
    (zoo / "latin.yaml").write_bytes(b"seed: 1\nsummary: caf\xe9\n")
    assert problem_of("empty").message == "the recipe is empty."
    assert problem_of("list").message == "the recipe must be a map, found a list."
    found = problem_of("latin")
    assert (found.line, found.message) == (2, "a recipe must be UTF-8 text.")


def test_neither_name_nor_dict(zoo):
    assert problem_of(7).message == "A recipe must be a name, a path or a dict, but is of type int."


def test_header(zoo):
    assert header(zoo / "base.yaml") == "Header of base.\n\ntrain:   a command"


def test_thousands_of_texts_read_back_from_a_recipes_yaml(zoo, tmp_path):
    texts = random_texts(3001)
    recipe = load("base", {"summary": texts[7], "requires": dict(zip(texts, reversed(texts)))})
    assert recipe.tree["requires"] == dict(zip(texts, reversed(texts)))
    path = tmp_path / "saved.yaml"
    path.write_text(recipe.to_yaml(), encoding="utf-8")
    assert load(path).tree == recipe.tree


def test_each_text_reads_back_alone(zoo, tmp_path):
    path = tmp_path / "saved.yaml"
    for text in random_texts(211):
        recipe = load("base", {"summary": text, "requires": {text: text}})
        path.write_text(recipe.to_yaml(), encoding="utf-8")
        assert load(path).tree == recipe.tree == load(recipe.tree).tree
        assert recipe.tree["summary"] == text


def test_values_of_python_become_plain(zoo):
    class Name(str):
        pass

    recipe = load("base", {"summary": Name("x"), "model.dim": np.int64(18), "requires": {Name("a"): Path("b/c")}})
    assert recipe.tree["model"]["dim"] == 18
    assert {type(one) for one in (recipe.tree["summary"], recipe.tree["model"]["dim"])} == {str, int}
    assert recipe.tree["requires"] == {"a": "b/c"}
    assert load(yaml.safe_load(recipe.to_yaml())).tree == recipe.tree


def test_values_that_no_file_could_hold(zoo):
    found = problem_of({"extends": "base", "requires": {"a": [{1, 2}]}})
    assert str(found) == "<dict>: `requires`: expected text, numbers, lists and maps, found a set in it."
    endless = {}
    endless["a"] = endless
    found = problem_of({"extends": "base", "requires": endless})
    assert str(found) == "<dict>: the value is nested too deeply, or contains itself."


def test_a_list_may_be_as_long_as_its_file(zoo, tmp_path):
    path = tmp_path / "long.yaml"
    path.write_text(f"extends: base\nrequires: {{a: [{'x,' * 100_003}x]}}\n")
    assert len(load(path).tree["requires"]["a"]) == 100_004
