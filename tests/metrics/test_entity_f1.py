import pytest

from keras_transformers.metrics.entity_f1 import EntityF1, TagAccuracy

RIGHT = [["B-PER", "I-PER", "O", "B-LOC"], ["B-LOC", "O", "O"]]


def test_an_entity_counts_if_type_and_both_ends_are_right():
    said = [["B-PER", "O", "O", "B-LOC"], ["B-PER", "O", "B-LOC"]]
    scores = EntityF1()(said, RIGHT)
    assert scores.pop("entity_f1_by_type") == "LOC 50.0, PER 0.0"
    assert scores == pytest.approx({"entity_f1": 200 / 7, "entity_precision": 25.0, "entity_recall": 100 / 3})


def test_everything_right_and_nothing_said():
    assert EntityF1()(RIGHT, RIGHT)["entity_f1"] == 100.0
    nothing = [["O"] * len(tags) for tags in RIGHT]
    assert EntityF1()(nothing, RIGHT)["entity_f1"] == 0.0
    assert EntityF1()(nothing, nothing)["entity_f1"] == 0.0


def test_an_entity_begins_without_b_as_in_conlleval():
    assert EntityF1()([["I-PER", "I-PER"]], [["B-PER", "I-PER"]])["entity_f1"] == 100.0


def test_tag_accuracy():
    assert TagAccuracy()([["NOUN", "VERB"], ["X"]], [["NOUN", "NOUN"], ["X"]])["tag_accuracy"] == pytest.approx(200 / 3)
    assert TagAccuracy()([], []) == {"tag_accuracy": 0.0}
