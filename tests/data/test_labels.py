import numpy as np
import pytest

from keras_transformers.data import Labelled
from keras_transformers.data.labels import label_numbers, settled_labels
from keras_transformers.errors import DataError, RecipeError
from keras_transformers.tasks.classification import Classification
from keras_transformers.tasks.tagging import Tagging


def test_labels_are_those_given_or_those_found():
    assert settled_labels(["b", "a"], ["a", "b", "c"]) == ["b", "a"]
    assert settled_labels(None, ["a", "b"]) == ["a", "b"]


@pytest.mark.parametrize(
    ("given", "found", "error", "message"),
    [
        ([], ["a", "b"], RecipeError, r"^`task\.labels` must be two labels or more, but is \[\]\.$"),
        (["a"], ["a", "b"], RecipeError, r"^`task\.labels` must be two labels or more, but is \['a'\]\.$"),
        (["a", "b", "a"], None, RecipeError, r"^`task\.labels` must all be different, but a is there twice\.$"),
        (None, None, RecipeError, r"^`task\.labels` must be given to build this model"),
        (None, ["a"], DataError, r"^The training text must have two labels or more, but has only `a`\.$"),
    ],
)
def test_labels_that_tell_nothing_apart(given, found, error, message):
    with pytest.raises(error, match=message):
        settled_labels(given, found)


def test_tasks_settle_labels_given_by_hand():
    for task in (Classification(["a"]), Tagging(["a"])):
        with pytest.raises(RecipeError, match="two labels or more"):
            task.serving(None, None)


def test_labels_that_look_like_numbers():
    labels = ["--5", "10", "b", "-2", "9", "-"]
    settled = Classification().settle(Labelled(["x"] * 6, labels, [f"a:{number}" for number in range(6)]))
    assert settled["labels"] == ["-2", "9", "10", "-", "--5", "b"]


def test_numbers_of_labels():
    numbers = label_numbers(["y", "x"], ["x", "y"], ["a:1", "a:2"])
    assert (numbers.tolist(), numbers.dtype) == ([1, 0], np.int32)
    with pytest.raises(DataError, match=r"^a:2 has the label `hun`, .* Did you mean `hum`\? It knows: num, hum\.$"):
        label_numbers(["num", "hun"], ["num", "hum"], ["a:1", "a:2"])
