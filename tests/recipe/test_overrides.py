import pytest
from random_text import random_texts

from keras_transformers import yaml12
from keras_transformers.errors import RecipeError
from keras_transformers.recipe import load


def problem_of(overrides):
    with pytest.raises(RecipeError) as caught:
        load("base", overrides)
    assert len(caught.value.problems) == 1
    return caught.value.problems[0]


@pytest.mark.parametrize(
    "overrides",
    [["model.dim=15", "model.position=null"], {"model.dim": 15, "model.position": None},
     {"model": {"dim": 15, "position": None}}],
)  # fmt: skip
def test_texts_and_mappings(zoo, overrides):
    model = load("base", overrides).tree["model"]
    assert (model["dim"], model["position"]) == (15, None)


def test_the_value_is_yaml(zoo):
    tree = load("base", ["model.position={type: learned, max_length: 7}"]).tree
    assert tree["model"]["position"] == {"type": "learned", "max_length": 7}


def test_texts_in_quotes_are_read_as_they_are(zoo):
    for text in random_texts(307):
        override = f"summary={yaml12.dump(text, flow=True)}"
        assert load("base", [override]).tree["summary"] == text


def test_separators_that_no_yaml_since_1_2_breaks_lines_at(zoo):
    assert load("base", ["summary=a\x85b\u2028c"]).tree["summary"] == "a\x85b\u2028c"


def test_the_last_one_wins(zoo):
    assert load("base", ["seed=3", "seed=5"]).tree["seed"] == 5


def test_a_value_may_hold_an_equals_sign(zoo):
    assert load("base", ["summary=a=b"]).tree["summary"] == "a=b"


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("model.dim", "expected KEY=VALUE, such as model.dim=256."),
        ("=7", "expected KEY=VALUE, such as model.dim=256."),
        ("model..dim=7", "a key path must not have empty parts."),
    ],
)
def test_what_is_not_an_override(zoo, override, said):
    found = problem_of([override])
    assert (found.file, found.line, found.message) == (f"--set {override}", None, said)


def test_a_value_that_is_not_yaml(zoo):
    found = problem_of(["model.dim={"])
    assert found.file == "--set model.dim={"
    assert found.message.startswith("not valid YAML: ")


def test_the_place_of_a_mappings_problem(zoo):
    found = problem_of({"model.dim": "x"})
    assert (found.file, found.path) == ("--set model.dim=x", "model.dim")
