"""Entities are written as tags by a writer of the test's own, and must be read as they were."""

import itertools
import random

import pytest

from keras_transformers.metrics.tag_schemes import Scheme, read_tags

LAYOUTS = ["{letter}-{type}", "{type}-{letter}", "{letter}_{type}", "{type}_{letter}"]
LETTERED = [scheme for scheme in Scheme if scheme is not Scheme.IO]


def random_entities(draw, words):
    """Entities of a sentence, many of which touch another of their type."""
    found, first = [], 0
    while first < words:
        last = first + draw.choice([0, 0, 1, 2])
        if last < words and draw.random() < 0.7:
            found.append((draw.choice(["PER", "LOC", "B-52", "I"]), first, last))
        first = last + 1
    return found


def written(scheme, entities, words, layout):
    """Write entities as tags."""
    letters = {}
    for kind, first, last in entities:
        after = any((one, end) == (kind, first - 1) for one, _, end in entities)
        before = any((one, begin) == (kind, last + 1) for one, begin, _ in entities)
        for i in range(first, last + 1):
            begins, ends = i == first, i == last
            if scheme in ("iob1", "iob2"):
                letter = "B" if begins and (after or scheme == "iob2") else "I"
            elif scheme in ("ioe1", "ioe2"):
                letter = "E" if ends and (before or scheme == "ioe2") else "I"
            else:
                first_letter, inside, last_letter, single = {"bioes": "BIES", "bilou": "BILU", "bmes": "BMES"}[scheme]
                letter = single if begins and ends else first_letter if begins else last_letter if ends else inside
            letters[i] = layout.format(letter=letter, type=kind)
    return [letters.get(i, "O") for i in range(words)]


def read(sentences, scheme=None):
    return read_tags([tag for tags in sentences for tag in tags], sentences, scheme)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("scheme", LETTERED)
def test_entities_are_read_as_they_were_written(scheme, layout):
    draw = random.Random(5)
    entities = [random_entities(draw, 11) for _ in range(101)]
    sentences = [written(scheme, some, 11, layout) for some in entities]
    reading = read(sentences)
    assert (reading.scheme, reading.strange) == (scheme, [])
    assert [reading.entities(tags) for tags in sentences] == entities
    assert [reading.broken(tags) for tags in sentences] == [None] * 101


@pytest.mark.parametrize("scheme", LETTERED)
def test_letters_alone(scheme):
    draw = random.Random(5)
    entities = [[("", *place) for _, *place in random_entities(draw, 11)] for _ in range(101)]
    sentences = [written(scheme, some, 11, "{letter}") for some in entities]
    reading = read(sentences)
    assert (reading.scheme, reading.strange) == (scheme, [])
    assert [reading.entities(tags) for tags in sentences] == entities


def test_types_alone():
    sentences = [["PER", "PER", "O", "LOC", "PER"], ["o", "LOC"]]
    reading = read(sentences, Scheme.IO)
    assert [reading.entities(tags) for tags in sentences] == [
        [("PER", 0, 1), ("LOC", 3, 3), ("PER", 4, 4)],
        [("LOC", 1, 1)],
    ]


@pytest.mark.parametrize(
    ("tags", "scheme"),
    [
        ("B-x O", "iob2"),
        ("B-x I-x O", "iob2"),
        ("I-x I-x O", "iob1"),
        ("I-x B-x O I-x", "iob1"),
        ("E-x O", "ioe2"),
        ("I-x E-x I-x O", "ioe1"),
        ("S-x O", "bioes"),
        ("B-x E-x", "bioes"),
        ("U-x o", "bilou"),
        ("b-x m-x e-x", "bmes"),
        ("O O", "iob2"),
    ],
)
def test_little_text(tags, scheme):
    reading = read([tags.split()])
    assert (reading.scheme, reading.strange) == (scheme, [])


@pytest.mark.parametrize(
    ("tags", "strange"),
    [
        ("NN VB NN", ["NN", "VB"]),
        ("PER O", ["PER"]),
        ("B-PER I-PER O -DOCSTART-", ["-DOCSTART-"]),
        ("B-PER I-PER PER O", ["PER"]),
        ("B-PER B", ["B"]),
        ("B-x L-x E-x I-x", ["L-x"]),
        ("B-PER Per-b I-PER 0", ["0", "Per-b"]),
        ("B-", ["B-"]),
        ("b m s e", ["b", "e", "m", "s"]),  # parts of speech in Chinese
        ("NN-TL VB", ["NN-TL", "VB"]),
    ],
)
def test_tags_of_something_else(tags, strange):
    assert read([tags.split()]).strange == strange


@pytest.mark.parametrize("letters", ["BIES", "BILU"])
def test_broken_tags_are_read_as_seqeval_does(letters):
    """All sentences of four words and two types, which are nearly all broken; seqeval knows no L and no U."""
    from seqeval.metrics.sequence_labeling import get_entities

    tags = ["O", *(f"{letter}-{kind}" for letter in letters for kind in "xy")]
    for sentence in itertools.product(tags, repeat=4):
        theirs = [tag.replace("L-", "E-").replace("U-", "S-") for tag in sentence]
        assert read([sentence]).entities(sentence) == get_entities(theirs)
