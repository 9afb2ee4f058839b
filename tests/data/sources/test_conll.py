import gzip
import re

import pytest

from keras_transformers.data import Conll, Tagged
from keras_transformers.errors import DataError


@pytest.fixture
def write(tmp_path):
    def write(content, name="a.conll"):
        data = content.encode("utf-8")
        (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)

    return write


def check_refused(source, root, message):
    with pytest.raises(DataError, match=message):
        source.read(root)


def test_words_and_tags(write, tmp_path):
    write("-DOCSTART- -X- O\n\nEU\tB-ORG\nrejects\tO\n\n\nPeter\tB-PER\nBlackburn\tI-PER", "a.conll.gz")
    tagged = Conll("a.conll.gz").read(tmp_path)
    assert tagged.words == [["EU", "rejects"], ["Peter", "Blackburn"]]
    assert tagged.tags == [["B-ORG", "O"], ["B-PER", "I-PER"]]
    assert tagged.texts == ["EU rejects", "Peter Blackburn"]
    assert tagged.places == [f"{tmp_path / 'a.conll.gz'}:{line}" for line in (3, 7)]
    assert (len(tagged), tagged.notes) == (2, [])


def test_columns_separated_by_spaces(write, tmp_path):
    write("EU NNP I-NP B-ORG\nrejects VBZ I-VP O\n")
    assert Conll("a.conll").read(tmp_path).tags == [["B-ORG", "O"]]
    assert Conll("a.conll", tag_column=1).read(tmp_path).tags == [["NNP", "VBZ"]]
    assert Conll("a.conll", word_column=1, tag_column=0).read(tmp_path).words == [["NNP", "VBZ"]]


def test_a_space_in_a_word_does_not_make_it_two(write, tmp_path):
    write("10 000\tB-NUM\n\u3000\tO\n#\tO\n")
    tagged = Conll("a.conll").read(tmp_path)
    assert tagged.words == [["10\u00a0000", "\u3000", "#"]]
    assert len(tagged.texts[0].split(" ")) == 3
    place = f"{tmp_path / 'a.conll'}:1"
    assert tagged.notes == [f"1 words hold a space, which became a no-break space, first at {place}."]


def test_another_encoding(tmp_path):
    (tmp_path / "a.conll").write_bytes("Zürich\tB-LOC\n".encode("latin-1"))
    assert Conll("a.conll", encoding="latin-1").read(tmp_path).words == [["Zürich"]]
    check_refused(Conll("a.conll"), tmp_path, r"a\.conll:1 is not UTF-8: byte 0xfc")


def test_limit(write, tmp_path):
    write("a O\n\nb O\n\nc\n")
    assert Conll("a.conll", limit=2).read(tmp_path).words == [["a"], ["b"]]


@pytest.mark.parametrize("line", ["rejects", "rejects\t", "rejects\t "])
def test_a_line_without_a_tag_is_named(write, tmp_path, line):
    write(f"EU\tB-ORG\n{line}\n")
    message = f"{tmp_path / 'a.conll'}:2 must hold a word and its tag, in columns separated by tabs or spaces, but is"
    check_refused(Conll("a.conll"), tmp_path, f"^{re.escape(f'{message} {line!r}')}.$")


def test_a_missing_column(write, tmp_path):
    write("EU\tB-ORG\n")
    check_refused(Conll("a.conll", tag_column=3), tmp_path, ":1 must hold a word and its tag")
    check_refused(Conll("a.conll", word_column=3), tmp_path, ":1 must hold a word and its tag")


@pytest.mark.parametrize("line", ["\tO", " \tO", "EU\tB ORG"])
def test_a_tag_without_a_word_or_with_a_space(write, tmp_path, line):
    write(f"{line}\n")
    check_refused(Conll("a.conll"), tmp_path, ":1 must hold a word, a tab and a tag without spaces, but is ")


def test_no_sentence(write, tmp_path):
    write("\n\n-DOCSTART- O\n")
    check_refused(Conll("a.conll"), tmp_path, r"a\.conll holds no sentence: no line has a word and a tag\.$")


def test_tags_are_as_many_as_words():
    with pytest.raises(ValueError, match="`tags` must be as many as `words`"):
        Tagged([["a", "b"]], [["O"]], ["a.conll:1"])
