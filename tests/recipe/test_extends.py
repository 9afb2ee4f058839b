import pytest

from keras_transformers.errors import RecipeError
from keras_transformers.recipe import load


def problem_of(recipe):
    with pytest.raises(RecipeError) as caught:
        load(recipe)
    assert len(caught.value.problems) == 1, str(caught.value)
    return caught.value.problems[0]


def test_a_child_changes_what_it_says(write):
    write("child", "extends: base\nmodel: {encoder: {layers: 5}}\n")
    model = load("child").tree["model"]
    assert model["encoder"]["layers"] == 5
    assert model["dim"] == 12


def test_a_parent_by_relative_path(write, zoo):
    folder = zoo / "mine"
    folder.mkdir()
    (folder / "child.yaml").write_text("extends: ../base.yaml\nmodel: {dim: 18}\n")
    assert load(folder / "child.yaml").tree["model"]["dim"] == 18


def test_a_grandparent(write):
    write("child", "extends: base\nmodel: {dim: 18}\n")
    write("grandchild", "extends: child\nseed: 7\n")
    tree = load("grandchild").tree
    assert (tree["model"]["dim"], tree["seed"]) == (18, 7)


def test_changing_a_type_drops_the_parents_parameters(write):
    write("child", "extends: base\nmodel: {encoder: {type: mixer}}\n")
    assert load("child").tree["model"]["encoder"] == {"type": "mixer", "width": 7}


def test_naming_the_type_that_the_grammar_implied_keeps_them(write):
    write("child", "extends: base\nmodel: {encoder: {type: encoder, layers: 5}}\n")
    encoder = load("child").tree["model"]["encoder"]
    assert encoder["layers"] == 5
    assert encoder["block"]["attention"]["heads"] == 3


def test_null_deletes_a_key(write):
    write("child", "extends: base\nmodel: {dropout: null, position: null}\n")
    model = load("child").tree["model"]
    assert model["dropout"] == 0.0
    assert model["position"] is None


def test_null_deletes_what_is_required(write):
    write("child", "extends: base\nmodel:\n  dim: null\n")
    found = problem_of("child")
    assert found.path == "model.dim"
    assert found.message == "missing; `model/transformer` needs an integer of at least 1: Model width."


def test_extends_null(write):
    write("alone", "extends: null\nmodel: {type: transformer, dim: 4, encoder: mixer}\n")
    assert load("alone").tree["model"]["dim"] == 4


def test_a_missing_parent(write):
    write("child", "seed: 1\nextends: bese\n")
    found = problem_of("child")
    assert (found.file, found.line, found.column, found.path) == ("recipes/child.yaml", 2, 10, "extends")
    assert found.message == "no recipe is called `bese`. Did you mean `base`? There are: base, child."


def test_a_missing_grandparent_tells_the_chain(write):
    write("middle", "extends: nowhere.yaml\n")
    write("child", "extends: middle\n")
    found = problem_of("child")
    assert found.file == "recipes/middle.yaml"
    assert found.message == (
        "the recipe file recipes/nowhere.yaml does not exist. (through recipes/child.yaml → recipes/middle.yaml)"
    )


def test_a_circle(write):
    write("a", "extends: b\n")
    write("b", "extends: c\n")
    write("c", "extends: a\n")
    found = problem_of("a")
    assert (found.file, found.path) == ("recipes/c.yaml", "extends")
    assert found.message == (
        "a recipe must not extend itself: recipes/a.yaml → recipes/b.yaml → recipes/c.yaml → recipes/a.yaml."
    )


def test_two_parents(write):
    write("child", "extends: [base, base]\n")
    assert problem_of("child").message == "expected the name or path of one recipe, found a list."


def test_a_file_beside_is_named_by_its_path(write, zoo, monkeypatch):
    folder = zoo / "mine"
    folder.mkdir()
    (folder / "own.yaml").write_text("extends: base\n")
    (folder / "child.yaml").write_text("extends: own\n")
    assert problem_of(folder / "child.yaml").message == (
        "no recipe is called `own`. For the file own.yaml write ./own.yaml."
    )


def test_problems_name_the_file_that_said_it(write):
    write("parent", "extends: base\nmodel:\n  dropout: 1.5\n")
    write("child", "extends: parent\nmodel:\n  dimm: 15\n")
    with pytest.raises(RecipeError) as caught:
        load("child")
    places = [(one.file, one.line, one.column, one.path) for one in caught.value.problems]
    assert places == [
        ("recipes/child.yaml", 3, 3, "model.dimm"),
        ("recipes/parent.yaml", 3, 12, "model.dropout"),
    ]


def test_extends_below_the_root_is_an_unknown_key(write):
    write("child", "extends: base\nmodel: {extends: base}\n")
    assert problem_of("child").path == "model.extends"


def test_a_dict_extends_too(zoo):
    assert load({"extends": "base", "model": {"dim": 6}}).tree["model"]["dim"] == 6
