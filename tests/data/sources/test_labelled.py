"""The sources of labelled texts: lines, tables, JSON lines."""

import gzip

import pytest

from keras_transformers.data import JsonLines, LabelledLines, Table
from keras_transformers.errors import DataError


@pytest.fixture
def write(tmp_path):
    def write(name, content):
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return tmp_path

    return write


def said_by(source, root):
    with pytest.raises(DataError) as raised:
        source.read(root)
    return str(raised.value)


def test_lines_begin_with_their_label(write):
    root = write("a.txt", "NUM How many ?\n\nHUM\tWho  is it ?\r\n")
    found = LabelledLines("a.txt").read(root)
    assert (found.labels, found.texts) == (["NUM", "HUM"], ["How many ?", "Who  is it ?"])
    assert (found.places, found.seconds, found.notes) == ([f"{root}/a.txt:1", f"{root}/a.txt:3"], None, [])
    assert len(found) == 2
    assert found.columns == [found.texts]


def test_lines_of_another_encoding(write):
    root = write("a.txt.gz", gzip.compress("1 café\n".encode("latin-1")))
    assert LabelledLines("a.txt.gz", encoding="latin-1").read(root).texts == ["café"]
    said = said_by(LabelledLines("a.txt.gz"), root)
    assert said.startswith(f"{root}/a.txt.gz:1 is not UTF-8: byte 0xe9 at position 5")


def test_an_unknown_encoding(write):
    said = said_by(LabelledLines("a.txt", encoding="klingon"), write("a.txt", "1 a\n"))
    assert said == "`encoding` must be one of text that Python knows, such as utf-8 or latin-1, but is klingon."


def test_a_label_without_text(write):
    root = write("a.txt", "1 a\n2\n")
    assert said_by(LabelledLines("a.txt"), root) == f"{root}/a.txt:2 must hold a label and a text, but holds `2` alone."


def test_nothing_to_learn_from(write):
    assert said_by(LabelledLines("a.txt"), write("a.txt", "\n\n")).endswith("a.txt holds no rows: it is empty.")
    said = said_by(LabelledLines("b.txt", part="valid"), write("b.txt", "1 a\n"))
    assert said.endswith("b.txt holds no rows in its part `valid`: set `part` to `all`, or give a larger file.")
    said = said_by(Table("c.tsv"), write("c.tsv", "label\ttext\n1\t \n"))
    assert said.endswith("c.tsv holds no rows with text: all 1 have an empty text.")


def test_parts_and_limit(write):
    root = write("a.txt", "".join(f"{number % 2} text {number}\n" for number in range(401)))
    parts = [LabelledLines("a.txt", part=part).read(root).texts for part in ("train", "valid", "test")]
    assert sum(len(part) for part in parts) == 401
    assert len(parts[0]) > 320
    assert not set(parts[0]) & {*parts[1], *parts[2]}
    assert len(LabelledLines("a.txt", limit=7).read(root)) == 7


def test_a_table_by_the_names_of_its_columns(write):
    root = write("a.tsv", 'id\ttext\tother\tlabel\n7\ta "b\tc\tx\n\n8\td\te\ty\n9\t\te\ty\n')
    found = Table("a.tsv").read(root)
    assert (found.texts, found.labels, found.seconds) == (['a "b', "d"], ["x", "y"], None)
    assert found.notes == [f"1 row with an empty text dropped, first at {root}/a.tsv:5."]
    pairs = Table("a.tsv", second="other").read(root)
    assert pairs.columns == [['a "b', "d"], ["c", "e"]]
    assert pairs.places == [f"{root}/a.tsv:2", f"{root}/a.tsv:4"]


def test_a_table_with_quotes_and_commas(write):
    root = write("a.csv.gz", gzip.compress(b'label,review\r\n1,"good, ""very""\nindeed"\r\n0,bad\r\n'))
    found = Table("a.csv.gz", text="review").read(root)
    assert (found.texts, found.labels) == (['good, "very"\nindeed', "bad"], ["1", "0"])
    assert found.places == [f"{root}/a.csv.gz:3", f"{root}/a.csv.gz:4"]


def test_an_unclosed_quote_swallows_no_rows(write):
    root = write("a.csv", 'label,text\n1,"never closed\n0,lost\n1,lost too\n')
    assert said_by(Table("a.csv"), root) == (
        f"{root}/a.csv:2: a quote that begins a cell in this line is never closed. If quotes are text in this file, "
        "set `quotes` to `none`."
    )


def test_no_more_is_read_than_the_limit(write):
    root = write("a.tsv", "label\ttext\n1\t \n1\ta\n0\tb\nonly one cell\n")
    found = Table("a.tsv", limit=2).read(root)
    assert (found.texts, found.notes) == (["a", "b"], [f"1 row with an empty text dropped, first at {root}/a.tsv:2."])
    assert said_by(Table("a.tsv", limit=3), root).startswith(f"{root}/a.tsv:5 has 1 cells")


def test_a_table_without_a_header(write):
    root = write("a.txt", "x;y\n".replace(";", ","))
    found = Table("a.txt", separator="comma", header=["text", "label"]).read(root)
    assert (found.texts, found.labels) == (["x"], ["y"])


def test_columns_that_are_not_there(write):
    root = write("a.tsv", "lable\ttext\n1\ta\n")
    assert said_by(Table("a.tsv"), root) == (
        f"{root}/a.tsv has no column `label`. Did you mean `lable`? It has: lable, text; if its first row does not "
        "name the columns, give them as `header`."
    )
    root = write("b.tsv", "label\ttext\n1\ta\n2\n")
    assert said_by(Table("b.tsv"), root) == f"{root}/b.tsv:3 has 1 cells, but there are 2 columns: label, text."


def test_json_lines(write):
    root = write("a.jsonl", '{"text": "a", "label": 1}\n\n{"label": true, "text": "b", "more": 0}\n')
    found = JsonLines("a.jsonl").read(root)
    assert (found.texts, found.labels) == (["a", "b"], ["1", "true"])
    assert found.places == [f"{root}/a.jsonl:1", f"{root}/a.jsonl:3"]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("{", " is not JSON: "),
        ("[" * 100_000, " must be a JSON object, but is nested too deeply to be read."),
        ("[1, 2]", " must be a JSON object, but is [1, 2]."),
        ('{"text": "a", "lable": 1}', " has no `label`. Did you mean `lable`? It has: text, lable."),
        ('{"text": ["é"], "label": 1}', ': `text` must be text, but is ["é"].'),
        ('{"text": "a", "label": null}', ": `label` must be text, a number, or true or false, but is null."),
    ],
)
def test_json_lines_that_are_wrong(write, line, sentence):
    root = write("a.jsonl", f'{{"text": "a", "label": 1}}\n{line}\n')
    assert said_by(JsonLines("a.jsonl"), root).startswith(f"{root}/a.jsonl:2{sentence}")


@pytest.mark.parametrize("key", ["text", "label"])
def test_half_a_character_is_no_text(write, key):
    row = {"text": '"a"', "label": '"b"', key: r'"so \ud83d"'}
    root = write("a.jsonl", f'{{"text": {row["text"]}, "label": {row["label"]}}}')
    said = said_by(JsonLines("a.jsonl"), root)
    assert said == f"{root}/a.jsonl:1: `{key}` must be Unicode text, but holds `\\ud83d`, half of a character."


def test_a_row_without_a_label(write):
    root = write("a.tsv", "label\ttext\n\t \n\ta\n1\tb\n")
    assert said_by(Table("a.tsv"), root) == f"{root}/a.tsv:3 has no label: give it one, or leave the row out."


def test_json_rows_without_text_are_dropped_and_need_no_label(write):
    root = write("a.jsonl", '{"text": "a", "label": 1}\n{"text": null, "label": null}\n{"text": " "}\n')
    found = JsonLines("a.jsonl").read(root)
    assert (found.texts, found.labels) == (["a"], ["1"])
    assert found.notes == [f"2 rows with an empty text dropped, first at {root}/a.jsonl:2."]


@pytest.mark.parametrize("label", ["NaN", "Infinity", "-Infinity", "[1]", "{}"])
def test_json_labels_that_are_none(write, label):
    root = write("a.jsonl", f'{{"text": "a", "label": {label}}}\n')
    said = said_by(JsonLines("a.jsonl"), root)
    assert said == f"{root}/a.jsonl:1: `label` must be text, a number, or true or false, but is {label}."


def test_white_space_around_labels(write):
    root = write("a.jsonl", '{"text": "a", "label": "x"}\n{"text": "b", "label": " x\\n"}\n')
    found = JsonLines("a.jsonl").read(root)
    assert found.labels == ["x", "x"]
    assert found.notes == [f"1 label with white space around, which was taken away, first at {root}/a.jsonl:2."]


def test_a_no_break_space_does_not_end_a_label(write):
    root = write("a.txt", "very\u00a0good a\u00a0text here\n\tbad\t \u00a0b\n")
    found = LabelledLines("a.txt").read(root)
    assert (found.labels, found.texts) == (["very\u00a0good", "bad"], ["a\u00a0text here", "b"])
