import json
import re

import pytest

from keras_transformers.data import Squad
from keras_transformers.data.examples import Answer
from keras_transformers.errors import DataError

CONTEXT = "Zürich liegt an der Limmat. 🙂 Bern liegt an der Aare."


def question(name="q1", **changes):
    asked = {"id": name, "question": "Wo?", "answers": [{"text": "Aare", "answer_start": 48}]}
    return {key: value for key, value in {**asked, **changes}.items() if value is not None}


@pytest.fixture
def write(tmp_path):
    def write(*questions):
        paragraphs = [{"context": CONTEXT, "qas": list(questions)}]
        (tmp_path / "a.json").write_text(json.dumps({"data": [{"title": "Swiss", "paragraphs": paragraphs}]}))

    return write


def check_refused(root, message, **changes):
    with pytest.raises(DataError, match=message):
        Squad("a.json", **changes).read(root)


def test_questions(write, tmp_path):
    write(question(), question("q2", answers=[], is_impossible=True))
    questions = Squad("a.json").read(tmp_path)
    assert (questions.ids, questions.questions, questions.contexts) == (["q1", "q2"], ["Wo?"] * 2, [CONTEXT] * 2)
    assert questions.answers == [[Answer("Aare", CONTEXT.index("Aare"))], []]
    assert questions.null_answers
    assert (len(questions), questions.notes) == (2, [])
    assert not Squad("a.json", limit=1).read(tmp_path).null_answers


def test_answers_that_are_not_at_their_offset_are_counted(write, tmp_path):
    right, wrong = question()["answers"][0], {"text": "Limmat", "answer_start": 21}
    write(question(answers=[right, wrong]), question("q2", answers=[{"text": "Aare", "answer_start": -4}]))
    questions = Squad("a.json").read(tmp_path)
    assert questions.answers == [[Answer("Aare", 48), Answer("Limmat", None)], [Answer("Aare", None)]]
    assert questions.notes == [
        "2 answers not in the context at `answer_start`, so not trained on, but right when scored, first at "
        f"{tmp_path / 'a.json'}: data[0].paragraphs[0].qas[0].answers[1], `Limmat`."
    ]


def test_parts_keep_a_context_whole(tmp_path):
    paragraphs = [{"context": f"c{i}", "qas": [question(f"{i}a"), question(f"{i}b")]} for i in range(211)]
    (tmp_path / "a.json").write_text(json.dumps({"data": [{"paragraphs": paragraphs}]}))
    parts = {part: Squad("a.json", part=part).read(tmp_path) for part in ("train", "valid", "test", "all")}
    contexts = [set(part.contexts) for part in parts.values()]
    assert sum(len(some) for some in contexts[:3]) == len(contexts[3]) == 211
    assert 4 < len(contexts[1]) < 20


def test_each_place_in_the_file_is_named(write, tmp_path):
    place = re.escape(str(tmp_path / "a.json"))
    key = r"`data\[0\]\.paragraphs\[0\]\.qas\[1\]\."
    write(question(), question(question=None))
    check_refused(tmp_path, rf"^{place}: {key}question` must be a string, but is missing\.$")
    write(question(), question(answers=None))
    check_refused(tmp_path, rf"{key}answers` must be a list, but is missing\.$")
    write(question(), question(answers=[{"text": "Aare", "answer_start": "48"}]))
    check_refused(tmp_path, rf'{key}answers\[0\]\.answer_start` must be an integer, but is "48"\.$')
    write(question(), question(answers=[7]))
    check_refused(tmp_path, rf"{key}answers\[0\]` must be a map with `text`, but is 7\.$")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[]", r": the whole must be a map with `data`, but is \[\]\.$"),
        ('{"data": [,]}', r"a\.json:1:11 is not JSON: Expecting value\.$"),
        ('{"data": {}}', r": `data` must be a list, but is \{\}\.$"),
        ('{"data": []}', r"a\.json holds no questions: it is empty\.$"),
        ("[" * 10**6, r"a\.json is not SQuAD's JSON: it is nested too deeply\.$"),
    ],
)
def test_what_is_not_squad(tmp_path, content, message):
    (tmp_path / "a.json").write_text(content)
    check_refused(tmp_path, message)


def test_no_question_in_a_part(write, tmp_path):
    write(question())
    message = r"a\.json holds no questions in its part `valid`: set `part` to `all`, or give a larger file\.$"
    check_refused(tmp_path, message, part="valid")


def answers_of(write, root, **changes):
    write(question(), {**question("q2"), **changes})
    questions = Squad("a.json").read(root)
    return questions.answers[1], questions.notes


@pytest.mark.parametrize(
    "answers",
    [
        None,
        [],
        [{"text": "", "answer_start": -1}],
        [{"text": "  ", "answer_start": 0}, {"text": None, "answer_start": None}],
    ],
)
@pytest.mark.parametrize("flags", [{}, {"is_impossible": True}, {"is_impossible": False}, {"is_impossible": None}])
def test_an_empty_answer_is_none(write, tmp_path, answers, flags):
    assert answers_of(write, tmp_path, answers=answers, **flags) == ([], [])


def test_an_answer_of_a_question_that_is_impossible_is_none(write, tmp_path):
    plausible = [{"text": "Bern", "answer_start": 31}, {"text": "Genf", "answer_start": -1}, {"text": "Basel"}]
    answers, notes = answers_of(write, tmp_path, answers=plausible, is_impossible=True)
    assert answers == []
    assert notes == [
        "1 question marked `is_impossible`, whose answers are left out, first at "
        f"{tmp_path / 'a.json'}: data[0].paragraphs[0].qas[1]."
    ]
    write({"id": "q", "question": "Wo?", "is_impossible": True})
    assert Squad("a.json").read(tmp_path).answers == [[]]


@pytest.mark.parametrize(("start", "read"), [(48.0, 48), (13.0, None), (-1, None), (None, None), (10**30, None)])
def test_offsets(write, tmp_path, start, read):
    answers, notes = answers_of(write, tmp_path, answers=[{"text": "Aare", "answer_start": start}])
    assert answers == [Answer("Aare", read)]
    assert len(notes) == (read is None)


@pytest.mark.parametrize("start", [48.5, True, "48", [48]])
def test_an_offset_that_is_no_integer(write, tmp_path, start):
    write(question(answers=[{"text": "Aare", "answer_start": start}]))
    shown = re.escape(json.dumps(start))
    check_refused(tmp_path, rf"qas\[0\]\.answers\[0\]\.answer_start` must be an integer, but is {shown}\.$")


def test_names_of_questions(write, tmp_path):
    write(question("a"), question(51870), question(7.0), question(None))
    assert Squad("a.json").read(tmp_path).ids == ["a", "51870", "7", "data[0].paragraphs[0].qas[3]"]
    write(question(["a"]))
    check_refused(tmp_path, r'qas\[0\]\.id` must be a string or an integer, but is \["a"\]\.$')
    write(question(True))
    check_refused(tmp_path, r"qas\[0\]\.id` must be a string or an integer, but is true\.$")


def test_is_impossible_is_true_or_false(write, tmp_path):
    write(question(is_impossible="no"))
    check_refused(tmp_path, r'qas\[0\]\.is_impossible` must be true or false, but is "no"\.$')


def test_a_number_of_too_many_digits(tmp_path):
    (tmp_path / "a.json").write_text('{"data": 1' + "0" * 5003 + "}")
    check_refused(tmp_path, r"a\.json is not JSON: Exceeds the limit \(4300 digits\)")
