import random

import pytest

from keras_transformers.errors import DataError
from keras_transformers.metrics.entity_f1 import EntityF1, TagAccuracy

RIGHT = [["B-PER", "I-PER", "O", "B-LOC"], ["B-LOC", "O", "O"]]


def refusal(metric, references, labels=None):
    with pytest.raises(DataError) as raised:
        metric.check(references, "data.valid", labels)
    return str(raised.value)


def test_an_entity_counts_if_type_and_both_ends_are_right():
    said = [["B-PER", "O", "O", "B-LOC"], ["B-PER", "O", "B-LOC"]]
    scores = EntityF1()(said, RIGHT)
    assert scores.pop("entity_f1_by_type") == "LOC 50.0, PER 0.0"
    assert scores.pop("entity_f1_scheme") == "iob2"
    assert scores == pytest.approx({"entity_f1": 200 / 7, "entity_precision": 25.0, "entity_recall": 100 / 3})


def test_everything_right_and_nothing_said():
    assert EntityF1()(RIGHT, RIGHT)["entity_f1"] == 100.0
    nothing = [["O"] * len(tags) for tags in RIGHT]
    assert EntityF1()(nothing, RIGHT)["entity_f1"] == 0.0
    assert EntityF1()(nothing, nothing)["entity_f1"] == 0.0


@pytest.mark.parametrize(
    ("output", "reference", "f1"),
    [
        ("I-PER I-PER", "B-PER I-PER", 100.0),  # begins without B, as in conlleval
        ("PER-B LOC-B", "PER-B PER-B", 50.0),
        ("B-PER L-PER", "U-PER U-PER", 0.0),
        ("U-PER O", "U-PER U-PER", 200 / 3),
        ("B-PER M-PER E-PER S-LOC", "B-PER M-PER E-PER S-PER", 50.0),
        ("o o B-PER", "o o B-LOC", 0.0),
        ("o b-per", "o b-per", 100.0),
        ("I-PER E-PER I-PER", "I-PER E-PER I-PER", 100.0),
        ("B I O", "B I I", 0.0),
    ],
)
def test_schemes(output, reference, f1):
    assert EntityF1()([output.split()], [reference.split()])["entity_f1"] == pytest.approx(f1)


def test_the_count_is_seqevals():
    from seqeval.metrics import f1_score, precision_score, recall_score

    draw = random.Random(3)
    tags = ["O", *(f"{letter}-{kind}" for letter in "BIES" for kind in ("PER", "LOC", "ORG"))]
    right, said = ([[draw.choice(tags) for _ in range(13)] for _ in range(97)] for _ in range(2))
    wanted = [100 * score(right, said) for score in (f1_score, precision_score, recall_score)]
    scores = EntityF1()(said, right)
    assert [scores[name] for name in ("entity_f1", "entity_precision", "entity_recall")] == pytest.approx(wanted)


def test_types_without_letters_are_read_where_that_is_stated():
    metric = EntityF1("io")
    assert metric.check([["PERSON", "O"]], "data.valid", ["O", "PERSON"]) == [
        "data.valid: entities in the scheme io: 1."
    ]
    assert metric([["PERSON", "PERSON", "O"]], [["PERSON", "O", "O"]])["entity_f1"] == 0.0
    assert metric([["PERSON", "O", "O"]], [["PERSON", "O", "O"]])["entity_f1_by_type"] == "PERSON 100.0"


def test_parts_of_speech_are_refused():
    tags = [["DET", "NOUN", "VERB", "ADP", "PRON", "PUNCT", "O"]]
    sentence = (
        "among its tags are `ADP`, `DET`, `NOUN`, `PRON`, `PUNCT` …, which are none of entities (such as `B-PER`, "
        "`I-PER` and `O`); choose --set 'task.metrics=[tag_accuracy]', or, if words of one tag that stand together are "
        "an entity, --set 'task.metrics=[{type: entity_f1, scheme: io}]'."
    )
    assert refusal(EntityF1(), tags) == f"`metric/entity_f1` cannot score data.valid: {sentence}"
    with pytest.raises(DataError, match="cannot score these sentences: among its tags"):
        EntityF1()(tags, tags)


def test_a_strange_tag_of_the_training_text_is_refused_before_the_model_says_it():
    assert refusal(EntityF1(), RIGHT, ["O", "B-PER", "LOC"]) == (
        "`metric/entity_f1` cannot score the training text: among its tags are `LOC`, which are none of entities (such "
        "as `B-PER`, `I-PER` and `O`); choose --set 'task.metrics=[tag_accuracy]', or, if words of one tag that stand "
        "together are an entity, --set 'task.metrics=[{type: entity_f1, scheme: io}]'."
    )


def test_text_without_entities():
    assert refusal(EntityF1(), [["O", "O"], ["o"]]) == (
        "`metric/entity_f1` cannot score data.valid: its 2 sentences hold no entity; give text that does, or choose "
        "--set 'task.metrics=[tag_accuracy]'."
    )


def test_a_scheme_that_is_stated():
    assert EntityF1("iob2").check(RIGHT, "data.valid") == ["data.valid: entities in the scheme iob2: 3."]
    assert refusal(EntityF1("iob1"), RIGHT) == (
        "`metric/entity_f1` cannot score data.valid: 2 of its 2 sentences break the scheme `iob1`, first in "
        "`B-PER I-PER`; with `scheme: auto` they are read as conlleval does."
    )
    assert refusal(EntityF1("bilou"), [*RIGHT, ["S-PER"]]) == (
        "`metric/entity_f1` cannot score data.valid: among its tags are `S-PER`, which are none of the scheme `bilou`; "
        "choose --set 'task.metrics=[tag_accuracy]', or let `scheme: auto` find how they are written."
    )


def test_sentences_that_break_the_scheme_are_told():
    assert EntityF1().check([*RIGHT, ["O", "I-PER", "O"]], "data.valid") == [
        "data.valid: entities in the scheme iob2, read as conlleval does where 1 of 3 sentences break it, first in "
        "`O I-PER O`: 4."
    ]


def test_tag_accuracy():
    assert TagAccuracy()([["NOUN", "VERB"], ["X"]], [["NOUN", "NOUN"], ["X"]])["tag_accuracy"] == pytest.approx(200 / 3)
    assert TagAccuracy()([], []) == {"tag_accuracy": 0.0}
    assert TagAccuracy()([["NOUN"]], [["NOUN", "VERB", "NOUN"]])["tag_accuracy"] == pytest.approx(100 / 3)
