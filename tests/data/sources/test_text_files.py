"""How text files are opened, alike for all sources that read them."""

import codecs
import gzip
import io
import zipfile

import pytest

from keras_transformers import data, recipe
from keras_transformers.data import FileSource
from keras_transformers.data.sources.text_files import TextFile
from keras_transformers.errors import DataError, RecipeError

MARKS = {
    "utf-8": codecs.BOM_UTF8,
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
    "utf-32-le": codecs.BOM_UTF32_LE,
    "utf-32-be": codecs.BOM_UTF32_BE,
}
# What each source reads, and one of its texts.
CONTENTS = {
    "Conll": ("Zürich B-LOC\nliegt O\n\nhier O\n", "Zürich liegt"),
    "DocumentFiles": ("Zürich liegt.\nHier.\n\nOder nicht.\n", "Zürich liegt."),
    "JsonLines": ('{"label": 1, "text": "Zürich"}\n{"label": 0, "text": "Bern"}\n', "Zürich"),
    "LabelledLines": ("1 Zürich\n0 Bern\n", "Zürich"),
    "ParallelText": ("Zürich\tZurich\nBern\tBerne\n", "Zürich"),
    "Squad": (
        '{"data": [{"paragraphs": [{"context": "Zürich",\n'
        '"qas": [{"id": "1", "question": "Wo?", "answers": [{"text": "Zürich", "answer_start": 0}]}]}]}]}\n',
        "Zürich",
    ),
    "Table": ("label\ttext\n1\tZürich\n0\tBern\n", "Zürich"),
}


def source_of(name, **options):
    path = ["a.txt"] if name == "DocumentFiles" else "a.txt"
    return getattr(data, name)(path, **options)


def first_text(examples):
    return next(
        getattr(examples, column)[0] for column in ("texts", "sources", "contexts") if hasattr(examples, column)
    )


def test_all_sources_of_files_are_here():
    kinds = [name for name in data.__all__ if isinstance(getattr(data, name), type)]
    assert {name for name in kinds if issubclass(getattr(data, name), FileSource)} == {*CONTENTS, "FileSource"}


@pytest.mark.parametrize("name", CONTENTS)
@pytest.mark.parametrize("encoding", MARKS)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_source_knows_encodings_by_their_mark_and_all_line_ends(tmp_path, name, encoding, end):
    content, text = CONTENTS[name]
    (tmp_path / "a.txt").write_text(content, encoding="utf-8")
    plain = source_of(name).read(tmp_path)
    assert first_text(plain) == text
    written = MARKS[encoding] + content.replace("\n", end).encode(encoding)
    (tmp_path / "a.txt").write_bytes(written)
    assert source_of(name).read(tmp_path) == plain
    (tmp_path / "a.txt").write_bytes(gzip.compress(written))  # known by its first bytes, not by its name
    assert source_of(name).read(tmp_path) == plain
    assert source_of(name, encoding="cp1252").read(tmp_path) == plain  # the mark says more


@pytest.mark.parametrize("name", CONTENTS)
def test_every_source_takes_an_encoding(tmp_path, name):
    content, text = CONTENTS[name]
    for encoding in ("cp1252", "utf-16", "utf-16-be", "utf-32", "cp037", "shift_jisx0213"):
        written = content.encode("utf-16-be" if encoding == "utf-16" else encoding)  # without a mark
        (tmp_path / "a.txt").write_bytes(written)
        assert first_text(source_of(name, encoding=encoding).read(tmp_path)) == text
    (tmp_path / "a.txt").write_bytes(content.encode("latin-1"))
    line = 2 - content.partition("\n")[0].count("ü")
    position = content.split("\n")[line - 1].index("ü")
    with pytest.raises(DataError) as raised:
        source_of(name).read(tmp_path)
    assert str(raised.value) == (
        f"{tmp_path}/a.txt:{line} is not UTF-8: byte 0xfc at position {position} of the line; say how the file is "
        "written with `encoding`, such as cp1252, or convert it, for example with `iconv -f WINDOWS-1252 -t UTF-8`."
    )


@pytest.mark.parametrize("name", CONTENTS)
@pytest.mark.parametrize(
    "encoding", ["hex", "rot13", "undefined", "zip", "idna", "punycode", "klingon", "", "a\0b", "é"]
)
def test_what_is_no_encoding_of_text_is_refused(tmp_path, name, encoding):
    (tmp_path / "a.txt").write_text(CONTENTS[name][0], encoding="utf-8")
    with pytest.raises(DataError) as raised:
        source_of(name, encoding=encoding).read(tmp_path)
    assert str(raised.value) == (
        f"`encoding` must be one of text that Python knows, such as utf-8 or latin-1, but is {encoding}."
    )


def problems_of(encoding):
    source = {"type": "table", "path": "a.tsv", "encoding": encoding}
    with pytest.raises(RecipeError) as raised:  # there is no model
        recipe.load({"data": {"train": source}})
    return [str(problem) for problem in raised.value.problems if "encoding" in str(problem)]


def test_validation_knows_encodings():
    assert problems_of("latin-1") == problems_of("UTF16") == []
    for encoding in ("hex", "klingon"):
        assert problems_of(encoding) == [
            "<dict>: `data.train.encoding`: expected an encoding of text, such as utf-8 or latin-1, found "
            f'"{encoding}".'
        ]


@pytest.mark.parametrize("name", CONTENTS)
def test_utf16_without_a_mark_is_not_taken_for_text(tmp_path, name):
    content, _ = CONTENTS[name]
    (tmp_path / "a.txt").write_bytes(content.replace("ü", "u").encode("utf-16-le"))
    with pytest.raises(DataError) as raised:
        source_of(name).read(tmp_path)
    assert str(raised.value) == (
        f"{tmp_path}/a.txt:1 holds the character NUL at position 1 of the line, which text does not: if the file is "
        "UTF-16 without a mark at its beginning, set `encoding` to utf-16-le or utf-16-be; else it is damaged, or no "
        "text."
    )


def lines_of(path, content, **options):
    path.write_bytes(content)
    return list(TextFile(path, **options).lines())


def test_a_carriage_return_ends_lines_only_where_there_are_more_of_them_than_of_line_feeds(tmp_path):
    path = tmp_path / "a.txt"
    assert lines_of(path, b"a\rb\nc\r\r\nd") == ["a\rb", "c", "d"]
    assert lines_of(path, b"a\rb\rc\n") == ["a", "b", "c"]
    assert lines_of(path, b"a\rb") == ["a", "b"]
    assert lines_of(path, "a\x0b\x85\u2028b\n".encode()) == ["a\x0b\x85\u2028b"]
    assert lines_of(path, b"") == []


def test_marks_of_files_that_were_joined(tmp_path):
    joined = 2 * (codecs.BOM_UTF8 + b"a\nb\n")
    assert lines_of(tmp_path / "a.txt", joined) == ["a", "b", "a", "b"]


def test_lines_before_the_one_that_is_wrong_are_read(tmp_path):
    for content, last in (
        (b"a\nb\n\xff\n", "a.txt:3 is not UTF-8: byte 0xff"),
        (b"a\nb\n\xc3", "a.txt:3 is not UTF-8"),
    ):
        (tmp_path / "a.txt").write_bytes(content)
        lines = TextFile(tmp_path / "a.txt").lines()
        assert [next(lines), next(lines)] == ["a", "b"]
        with pytest.raises(DataError, match=last):
            next(lines)


def test_half_a_character_of_utf16(tmp_path):
    (tmp_path / "a.txt").write_bytes(codecs.BOM_UTF16_LE + "ab".encode("utf-16-le") + b"\x3d\xd8" + b"\n\0")
    with pytest.raises(DataError, match=r"a\.txt:1 is not UTF-16: byte 0x3d at position 2 of the line; "):
        list(TextFile(tmp_path / "a.txt").lines())


def test_an_archive_is_not_text(tmp_path):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("sheet.xml", "<a/>")
    with pytest.raises(DataError) as raised:
        lines_of(tmp_path / "a.csv", content.getvalue())
    assert str(raised.value) == (
        f"{tmp_path}/a.csv is a ZIP archive, as workbooks of Excel are, not text: unpack it, or save it as text."
    )


def test_a_line_of_many_megabytes(tmp_path):
    long = "wörd " * 500_009
    assert lines_of(tmp_path / "a.txt", f"a\n{long}\nb".encode()) == ["a", long, "b"]
    assert lines_of(tmp_path / "a.txt", f"a\r{long}\rb\r".encode()) == ["a", long, "b"]


def test_a_file_that_can_be_read_only_once(tmp_path):
    for content in ("é\rb\r".encode("utf-16"), gzip.compress("é\nb".encode())):
        file = TextFile(tmp_path / "no.gz", None, content)
        assert list(file.lines()) == list(file.lines()) == ["é", "b"]
    with pytest.raises(DataError) as raised:
        list(TextFile(tmp_path / "no.txt", None, b"a\nb\xe9").lines())
    assert str(raised.value) == (
        f"{tmp_path}/no.txt:2 is not UTF-8: byte 0xe9 at position 1 of the line; convert it, for example with "
        "`iconv -f WINDOWS-1252 -t UTF-8`."
    )


@pytest.mark.parametrize("encoding", ["utf-16", "UTF_16_BE", "utf-32", "utf-32-le"])
def test_an_encoding_that_the_bytes_contradict(tmp_path, encoding):
    (tmp_path / "a.txt").write_bytes(b"not at all\nso written\n")
    with pytest.raises(DataError) as raised:
        list(TextFile(tmp_path / "a.txt", encoding).lines())
    name = encoding[:6].replace("_", "-").upper()
    assert str(raised.value) == (
        f"{tmp_path}/a.txt is not {name}, whatever `encoding` says: it has line ends, but no byte is 0."
    )
