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
        f"{tmp_path / 'a.json'}: 2 of 3 answers are not in their context at `answer_start`, first `Limmat` of "
        "question q1; they are not trained on, but count as right when scored."
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
        ('{"data": []}', r"a\.json holds no question\.$"),
        ("[" * 10**6, r"a\.json is not SQuAD's JSON: it is nested too deeply\.$"),
    ],
)
def test_what_is_not_squad(tmp_path, content, message):
    (tmp_path / "a.json").write_text(content)
    check_refused(tmp_path, message)


def test_no_question_in_a_part(write, tmp_path):
    write(question())
    check_refused(tmp_path, r"a\.json holds no question in its part `valid`\.$", part="valid")
