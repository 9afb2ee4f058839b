"""Tables as tools write them: quotes, headers, separators, long cells."""

import csv
import io
import random

import pytest

from keras_transformers.data import ParallelText, Table
from keras_transformers.data.sources.cells import split_rows
from keras_transformers.errors import DataError


@pytest.fixture
def write(tmp_path):
    def write(name, content):
        (tmp_path / name).write_bytes(content.encode("utf-8"))
        return tmp_path

    return write


def said_by(source, root):
    with pytest.raises(DataError) as raised:
        source.read(root)
    return str(raised.value)


def test_cells_of_any_length(write):
    long = "word " * 30_011
    root = write("a.csv", f'label,text\nno,"{long}"\nyes,{long}good\n')
    assert Table("a.csv").read(root).texts == [long, f"{long}good"]
    root = write("a.tsv", f"label\ttext\nno\t{long}\nyes\tgood\n")
    assert Table("a.tsv").read(root).texts == [long, "good"]


def written(rows, **options):
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n", **options).writerows(rows)
    return stream.getvalue()


def test_all_that_csv_writes_is_read_back():
    draw = random.Random(13)
    for separator in "\t,;":
        for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_ALL):
            table = [["".join(draw.choices('ab",;\t\n é', k=draw.randrange(7))) for _ in range(3)] for _ in range(1009)]
            table = [row for row in table if any(cell.strip() for cell in row)]
            lines = written(table, delimiter=separator, quoting=quoting).removesuffix("\n").split("\n")
            assert [row.cells for row in split_rows(lines, "a", separator, True) if row.cells] == table


# As pandas' to_csv(sep="\t") and Excel write them.
SPEECH = 'He said "hi", then left'
ENCLOSED = {
    "a quote written twice": ('no\t"He said ""hi"", then left"\nyes\tgood\n', [SPEECH, "good"]),
    "a tab inside": ('no\t"a\tb"\nyes\tgood\n', ["a\tb", "good"]),
    "a line end inside": ('no\t"a\nb"\nyes\tgood\n', ["a\nb", "good"]),
    "several lines, the last row": ('yes\tgood\nno\t"a\n\nb"""\n', ["good", 'a\n\nb"']),
}


@pytest.mark.parametrize("kind", ENCLOSED)
def test_quotes_of_a_tsv_file_enclose_cells_where_they_must(write, kind):
    content, texts = ENCLOSED[kind]
    found = Table("a.tsv").read(write("a.tsv", f"label\ttext\n{content}"))
    assert (found.texts, found.notes) == (texts, [])
    pairs = ParallelText("a.tsv").read(write("a.tsv", content))
    assert (pairs.targets, pairs.notes) == (texts, [])


def test_all_cells_in_quotes(write):
    root = write("a.tsv", '"label"\t"text"\n"no"\t"bad"\n"yes"\t"good"\n')
    found = Table("a.tsv").read(root)
    assert (found.labels, found.texts, found.notes) == (["no", "yes"], ["bad", "good"], [])


# As people write them, with no thought of cells.
PLAIN = {
    "a quote in a cell": ('no\ta "b\nyes\t"good"\n', ['a "b', '"good"']),
    "a quotation and more": ('no\t"Hi", he said\nyes\tgood\n', ['"Hi", he said', "good"]),
    "a quotation that never ends": ('no\t"Hi\nyes\tgood\n', ['"Hi', "good"]),
}


@pytest.mark.parametrize("kind", PLAIN)
def test_quotes_of_a_tsv_file_are_text_where_they_must_be(write, kind):
    content, texts = PLAIN[kind]
    found = Table("a.tsv").read(write("a.tsv", f"label\ttext\n{content}"))
    assert (found.texts, found.notes) == (texts, [])
    pairs = ParallelText("a.tsv").read(write("a.tsv", content))
    assert (pairs.targets, pairs.notes) == (texts, [])


TEXT = "quotes around cells are text, it seems; if they enclose cells, set `quotes` to `double`."
CELLS = "quotes around cells enclose cells, it seems; if they are text, set `quotes` to `none`."
UNCLEAR = {
    "one of several": ('no\t"Hi."\nyes\tgood\n', ['"Hi."', "good"], TEXT),
    "from one row to the next": ('no\t"I came\nyes\tI saw"\n', ['"I came', 'I saw"'], TEXT),
    "all texts": ('no\t"Hi."\nyes\t"good"\n', ["Hi.", "good"], CELLS),
    "all with a comma, as Excel writes them": ('no\t"Hi, you"\nyes\tgood\n', ["Hi, you", "good"], CELLS),
}


@pytest.mark.parametrize("kind", UNCLEAR)
def test_where_it_is_unclear_what_quotes_are_it_is_told(write, kind):
    content, texts, told = UNCLEAR[kind]
    root = write("a.tsv", f"label\ttext\n{content}")
    found = Table("a.tsv").read(root)
    assert (found.texts, found.notes) == (texts, [f"{root}/a.tsv: {told}"])
    for quotes in ("double", "none"):
        assert Table("a.tsv", quotes=quotes).read(root).notes == []


def test_what_quotes_are_can_be_said(write):
    root = write("a.tsv", 'label\ttext\nno\t"Hi."\nyes\tgood\n')
    assert Table("a.tsv", quotes="double").read(root).texts == ["Hi.", "good"]
    assert Table("a.tsv", quotes="none").read(root).texts == ['"Hi."', "good"]
    root = write("a.csv", 'label,text\nno,"Hi."\n')
    assert Table("a.csv", quotes="none").read(root).texts == ['"Hi."']


def test_a_quote_where_none_can_be(write):
    root = write("a.csv", 'label,text\nno,"a"b\n')
    assert said_by(Table("a.csv"), root) == (
        f"{root}/a.csv:2: a quote that ends a cell must stand before a separator or the line's end, but stands before "
        "'b'. In a cell in quotes, a quote is written twice; if quotes are text in this file, set `quotes` to `none`."
    )


def test_a_header_that_stands_in_the_file_too(write):
    root = write("a.tsv", "Label\ttext \nno\tbad\nyes\tgood\n")
    found = Table("a.tsv", header=["label", "text"]).read(root)
    assert (found.labels, found.texts) == (["no", "yes"], ["bad", "good"])
    assert found.notes == [f"1 row with the names of the columns, as in `header`, left out, first at {root}/a.tsv:1."]
    assert said_by(Table("a.tsv", header=["text", "label"]), root) == (
        f"{root}/a.tsv:1 names the columns in the order label, text, but `header` as text, label: leave `header` out."
    )


def test_a_row_like_the_header_further_down_is_a_row(write):
    root = write("a.tsv", "no\tbad\nlabel\ttext\n")
    assert Table("a.tsv", header=["label", "text"]).read(root).labels == ["no", "label"]


def test_white_space_around_names_and_labels(write):
    root = write("a.csv", "label , text\npositive,good\npositive ,great\n negative,bad\n\u00a0negative\t,awful\n")
    found = Table("a.csv").read(root)
    assert found.labels == ["positive", "positive", "negative", "negative"]
    assert found.notes == [f"3 labels with white space around, which was taken away, first at {root}/a.csv:3."]


def test_two_columns_of_one_name(write):
    root = write("a.csv", "label,text,text\n1,a,b\n")
    assert said_by(Table("a.csv"), root) == f"{root}/a.csv has 2 columns `text`: give one of them another name."
    assert Table("a.csv", text="label").read(root).texts == ["1"]


@pytest.mark.parametrize(
    ("name", "separator", "options"),
    [
        ("a.csv", ";", {}),  # as Excel writes where the comma is for decimals
        ("a.csv", "\t", {}),
        ("a.txt", ",", {}),
        ("A.CSV", ",", {}),
        ("a.tsv", ";", {"separator": "semicolon"}),
        ("a.tsv", ",", {"separator": "comma"}),
    ],
)
def test_separators(write, name, separator, options):
    root = write(name, written([["label", "text"], ["no", "a,b;c\td"], ["yes", "good"]], delimiter=separator))
    assert Table(name, **options).read(root).texts == ["a,b;c\td", "good"]
