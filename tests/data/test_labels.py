import numpy as np
import pytest

from keras_transformers.data import Labelled, Tagged
from keras_transformers.data.labels import label_notes, label_numbers, settled_labels
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


def notes(labels, known, first=2):
    return label_notes(labels, [f"a.tsv:{number}" for number in range(first, first + len(labels))], known)


def test_labels_are_counted_in_the_order_of_the_model():
    assert notes(["y", "x", "y", "x", "y"], ["x", "y", "z"]) == [
        "The training text has 3 labels, with so many examples: `x` 2, `y` 3, `z` 0."
    ]


def test_of_many_labels_the_most_frequent_are_counted():
    labels = [f"l{number}" for number in range(61) for _ in range(2 + (number == 60))]
    (note,) = notes(labels, sorted(set(labels)))
    assert note.startswith("The training text has 61 labels, with so many examples: `l60` 3, `l0` 2, ")
    assert note.endswith(", `l58` 2, and 1 others.")


def test_a_label_of_one_example_is_told():
    told = "A single example is too few to learn a label from, but there are no more of "
    assert notes(["x", "x", "y"], ["x", "y"])[1:] == [f"{told}`y` (at a.tsv:4)."]
    labels = [f"l{number}" for number in range(7)]
    assert notes(labels, labels)[1].endswith("`l4` (at a.tsv:6), and of 2 others.")


@pytest.mark.parametrize(("header", "first"), [("Label", 2), ("sentiment", 5), ("Stimmung", 1)])
def test_a_label_that_looks_like_a_header_is_told(header, first):
    assert notes([header, "x", "x", "y", "y"], [header, "x", "y"], first)[1:] == [
        f"The label `{header}` has one example, at a.tsv:{first}, and looks like the header of a column: if it is one, "
        "take that line out."
    ]
    assert len(notes([header, "x", header, "x"], [header, "x"], first)) == 1


def test_labels_that_look_alike_are_told():
    labels = ["Good", "good", "go\u200bod", "1", "1.0", "bad", "b-per", "B-PER"]
    assert notes(labels * 2, labels)[1:] == [
        "The labels `Good` and `good` and `go\\u200bod` look alike: are they one?",
        "The labels `1` and `1.0` look alike: are they one?",
        "The labels `b-per` and `B-PER` look alike: are they one?",
    ]


def test_tasks_remark_on_labels():
    labelled = Labelled(["a"] * 3, ["x", "y", "y"], ["a:2", "a:3", "a:4"])
    assert Classification(["x", "y"]).remarks(labelled) == notes(["x", "y", "y"], ["x", "y"])[:1] + [
        "A single example is too few to learn a label from, but there are no more of `x` (at a:2)."
    ]
    tagged = Tagged([["a", "b", "c"], ["d"]], [["tag", "O", "X"], ["O"]], ["a:1", "a:5"])
    assert Tagging(["O", "X", "tag"]).remarks(tagged) == [
        "The training text has 3 labels, with so many examples: `O` 2, `X` 1, `tag` 1.",
        "The label `tag` has one example, at a:1, and looks like the header of a column: if it is one, take that line "
        "out.",
        "A single example is too few to learn a label from, but there are no more of `X` (at a:1, word 3).",
    ]


def test_a_model_may_have_learnt_a_label_with_white_space():
    numbers = label_numbers(["y", "x"], ["x", "y ", " x"], ["a:1", "a:2"])
    assert numbers.tolist() == [1, 0]
    labelled = Labelled(["a", "b"], ["y", "x"], ["a:1", "a:2"])
    assert Classification(["x", "y "]).references(labelled) == ["y ", "x"]
