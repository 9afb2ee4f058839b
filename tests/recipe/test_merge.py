import pytest

from keras_transformers.recipe.document import from_value
from keras_transformers.recipe.merge import merge
from keras_transformers.recipe.problem import Place


def merged(parent, child):
    return merge(from_value(parent, Place("parent")), from_value(child, Place("child"))).plain()


@pytest.mark.parametrize(
    ("parent", "child", "result"),
    [
        pytest.param({"a": {"b": 1, "c": 2}}, {"a": {"c": 3}}, {"a": {"b": 1, "c": 3}}, id="maps merge"),
        pytest.param({"a": [1, 2, 3]}, {"a": [4]}, {"a": [4]}, id="lists replace"),
        pytest.param({"a": {"b": 1}}, {"a": None}, {"a": None}, id="null takes away"),
        pytest.param({"a": 1}, {"b": 2}, {"a": 1, "b": 2}, id="keys add"),
        pytest.param(
            {"a": {"type": "x", "p": 1}}, {"a": {"type": "y", "q": 2}}, {"a": {"type": "y", "q": 2}}, id="type"
        ),
        pytest.param(
            {"a": {"type": "x", "p": 1}}, {"a": {"type": "x", "q": 2}}, {"a": {"type": "x", "p": 1, "q": 2}},
            id="same type",
        ),
        pytest.param({"a": {"type": "x", "p": 1}}, {"a": "y"}, {"a": {"type": "y"}}, id="string is a type"),
        pytest.param({"a": {"type": "x", "p": 1}}, {"a": "x"}, {"a": {"type": "x", "p": 1}}, id="same string"),
        pytest.param({"a": "x"}, {"a": {"p": 1}}, {"a": {"type": "x", "p": 1}}, id="parent string"),
        pytest.param({"a": "x"}, {"a": {"type": "y", "p": 1}}, {"a": {"type": "y", "p": 1}}, id="parent's other"),
        pytest.param({"a": "x"}, {"a": "y"}, {"a": "y"}, id="two strings"),
    ],
)  # fmt: skip
def test_merge(parent, child, result):
    assert merged(parent, child) == result


def test_merge_keeps_the_place_of_who_said_it():
    parent = from_value({"a": {"b": 1, "c": 2}}, Place("parent"))
    node = merge(parent, from_value({"a": {"c": 3}}, Place("child")))
    inner = node.value["a"].value
    assert (inner["b"].place.file, inner["c"].place.file) == ("parent", "child")


def test_merge_modifies_neither():
    parent, child = ({"a": {"b": 1}}, {"a": {"c": 2}})
    nodes = from_value(parent, Place("parent")), from_value(child, Place("child"))
    merge(*nodes)
    assert [node.plain() for node in nodes] == [parent, child]
