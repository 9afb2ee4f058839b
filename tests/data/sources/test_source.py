"""The contract of sources, as who writes one of their own meets it."""

import pathlib
import re

import pytest

from keras_transformers import registry
from keras_transformers.data import (
    Answer,
    Document,
    Documents,
    FileSource,
    Labelled,
    LabelledText,
    Pair,
    Pairs,
    Question,
    Questions,
    Source,
    Tagged,
    TaggedSentence,
)
from keras_transformers.errors import DataError
from keras_transformers.registry import local
from keras_transformers.registry.introspect import component_of
from keras_transformers.signature import Path


class Stars(FileSource):
    """Reviews with stars.

    Args:
        path: The file.
    """

    gives = Labelled

    def __init__(self, path: Path, **kwargs):
        super().__init__([path], **kwargs)

    def examples(self, files, tally):
        for place, line in files[0].placed():
            stars, text = line.split("|")
            yield LabelledText(place, stars, text)


def test_a_source_of_files_fills_in_one_method(tmp_path):
    (tmp_path / "a.txt").write_text("".join(f" {n % 3}|text {n}\n" for n in range(401)) + "\n1| \n", encoding="latin-1")
    parts = {part: Stars("a.txt", part=part).read(tmp_path) for part in ("train", "valid", "test", "all")}
    assert sum(map(len, list(parts.values())[:3])) == len(parts["all"]) == 401
    assert len(parts["train"]) > 320
    assert parts["all"].labels[:4] == ["0", "1", "2", "0"]
    assert parts["all"].places[16] == f"{tmp_path}/a.txt:17"
    assert parts["all"].notes == [
        f"1 row with an empty text dropped, first at {tmp_path}/a.txt:403.",
        f"401 labels with white space around, which was taken away, first at {tmp_path}/a.txt:1.",
    ]
    assert len(Stars("a.txt", limit=7).read(tmp_path)) == 7
    with pytest.raises(DataError, match=r"^There is no file `b\.txt`"):
        Stars("b.txt").read(tmp_path)


def test_its_parameters_are_those_of_the_constructor_and_of_files():
    parameters = component_of(Stars, "source", "stars").parameters
    assert list(parameters) == ["path", "encoding", "part", "limit"]
    assert parameters["path"].doc == "The file."
    assert all(parameter.doc for parameter in parameters.values())


@pytest.mark.parametrize(
    ("base", "members", "missing"),
    [
        (Source, {"read": lambda self, root=None: None}, "gives"),
        (Source, {"gives": Pairs}, "read"),
        (FileSource, {"gives": Pairs}, "examples"),
    ],
)
def test_what_a_source_lacks_is_named(base, members, missing):
    kind = type("Lacking", (base,), members)
    assert kind.__abstractmethods__ == {missing}
    with pytest.raises(TypeError, match=f"abstract method '?{missing}'?"):
        kind()


@pytest.mark.parametrize(
    ("gives", "filled", "blank", "noun"),
    [
        (Pairs, Pair("a:1", "x", "y"), Pair("a:2", "x", " "), "pair"),
        (Labelled, LabelledText("a:1", "1", "x"), LabelledText("a:2", "", "x", ""), "row"),
        (Tagged, TaggedSentence("a:1", ["x y"], ["O"]), TaggedSentence("a:2", [], []), "sentence"),
        (Documents, Document("a:1", "x", ["x"]), Document("a:2", " ", [" "]), "document"),
    ],
)
def test_examples_without_text_are_dropped_and_counted(tmp_path, gives, filled, blank, noun):
    (tmp_path / "a.txt").touch()

    def source(*examples):
        members = {"gives": gives, "examples": lambda self, files, tally: iter(examples)}
        return type("Some", (FileSource,), members)(["a.txt"])

    some = source(filled, blank, filled).read(tmp_path)
    assert len(some) == 2
    assert some.notes[0].startswith(f"1 {noun} with ")
    assert some.notes[0].endswith(" dropped, first at a:2.")
    with pytest.raises(DataError, match=rf"a\.txt holds no {noun}s with text: all 2 have "):
        source(blank, blank).read(tmp_path)
    with pytest.raises(DataError, match=rf"a\.txt holds no {noun}s: it is empty\."):
        source().read(tmp_path)


def test_no_file_at_all_is_refused():
    with pytest.raises(DataError, match=r"^`paths` must name at least one file, but is empty\.$"):
        type("Some", (FileSource,), {"gives": Pairs, "examples": None})([]).read()


@pytest.fixture
def forget_registered():
    before = dict(local.registered())
    yield
    local.registered().clear()
    local.registered().update(before)


def test_the_guide_works(tmp_path, forget_registered):
    page = (pathlib.Path(__file__).parents[3] / "docs" / "writing-a-source.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```python\n(.*?)```", page, re.S)
    (tmp_path / "stars.py").write_text(block, encoding="utf-8")
    (tmp_path / "reviews.txt").write_text("4|Funny, and wise at the end.\n\n2 | Two hours.\nlong\n", encoding="utf-16")
    stars = registry.load_plugin_file(tmp_path / "stars.py").Stars
    reviews = stars("reviews.txt", limit=2).read(tmp_path)
    assert (reviews.labels, reviews.texts) == (["4", "2"], ["Funny, and wise at the end.", " Two hours."])
    with pytest.raises(DataError) as raised:
        stars("reviews.txt").read(tmp_path)
    assert str(raised.value) == f"{tmp_path}/reviews.txt:4 must hold stars, | and a review, but is 'long'."
    assert list(registry.describe("source", "stars").parameters) == ["path", "encoding", "part", "limit"]
    shown = dict(re.findall(r"^\| `(\w+)` \| `(\w+)\(", page, re.M))
    kinds = {Labelled: LabelledText, Tagged: TaggedSentence, Questions: Question, Documents: Document, Pairs: Pair}
    assert shown == {columns.__name__: example.__name__ for columns, example in kinds.items()}
    for example in (*kinds.values(), Answer):
        for call in re.findall(rf"`{example.__name__}\(([^)]*)\)`", page):
            assert call.split(", ") == list(example._fields)[: call.count(",") + 1]
