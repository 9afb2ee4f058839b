import gzip
import re

import pytest

from keras_transformers.data import ParallelText
from keras_transformers.data.sources.split import part_of
from keras_transformers.errors import DataError


@pytest.fixture
def write(tmp_path):
    def write(name, content):
        data = content if isinstance(content, bytes) else content.encode("utf-8")
        (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)

    return write


def check_refused(source, root, message):
    with pytest.raises(DataError, match=message):
        source.read(root)


def test_two_files(write, tmp_path):
    write("a.en", "one\ntwo\nthree\n")
    write("a.de.gz", "eins\nzwei\ndrei")  # the last line may lack its end
    pairs = ParallelText("a.en", "a.de.gz").read(str(tmp_path))
    assert pairs.sources == ["one", "two", "three"]
    assert pairs.targets == ["eins", "zwei", "drei"]
    assert pairs.notes == []


def test_tab_separated_columns(write, tmp_path):
    write("a.tsv", "one\teins\tun\ntwo\tzwei\tdeux\n")
    assert ParallelText("a.tsv").read(tmp_path).targets == ["eins", "zwei"]
    swapped = ParallelText("a.tsv", source_column=2, target_column=0).read(tmp_path)
    assert (swapped.sources, swapped.targets) == (["un", "deux"], ["one", "two"])


def test_line_ends_and_byte_order_mark(write, tmp_path):
    write("a.en", "\ufeffone\u2028still one\r\ntwo\x0b\x85\u2029.\r\n")
    write("a.de", "eins\nzwei\n")
    assert ParallelText("a.en", "a.de").read(tmp_path).sources == ["one\u2028still one", "two\x0b\x85\u2029."]


def test_limit_stops_reading(write, tmp_path):
    write("a.en", b"one\ntwo\n\xff\n")
    write("a.de", "eins\nzwei\ndrei\n")
    assert ParallelText("a.en", "a.de", limit=2).read(tmp_path).sources == ["one", "two"]


def test_paths_start_from_root_or_the_working_directory(write, tmp_path, monkeypatch):
    write("a.tsv", "one\teins\n")
    monkeypatch.chdir(tmp_path)
    for path, root in (("a.tsv", None), ("a.tsv", "."), (str(tmp_path / "a.tsv"), "/nowhere")):
        assert ParallelText(path).read(root).sources == ["one"]
    monkeypatch.setenv("HOME", str(tmp_path))
    assert ParallelText("~/a.tsv").read().sources == ["one"]


def test_parts_are_disjoint_and_always_the_same(write, tmp_path):
    write("a.tsv", "".join(f"sentence {i}\tSatz {i}\n" for i in range(2003)))
    parts = {part: ParallelText("a.tsv", part=part).read(tmp_path).sources for part in ("train", "valid", "test")}
    everything = ParallelText("a.tsv").read(tmp_path).sources
    assert sorted(s for sources in parts.values() for s in sources) == sorted(everything)
    assert 60 < len(parts["valid"]) < 140
    assert 60 < len(parts["test"]) < 140
    # These are hashes of the text alone: another number here would mix old runs' test text into training.
    assert [i for i in range(60) if part_of(f"sentence {i}") == "valid"] == [9, 21, 23, 25, 44, 57]
    assert [i for i in range(60) if part_of(f"sentence {i}") == "test"] == [15, 35]


def test_empty_sides_are_dropped_and_counted(write, tmp_path):
    write("a.en", "one\n  \nthree\n\nfive\n")
    write("a.de", "eins\nzwei\n\n\nfünf\n")
    pairs = ParallelText("a.en", "a.de").read(tmp_path)
    assert pairs.sources == ["one", "five"]
    assert pairs.notes == [f"3 pairs with an empty side dropped, first at {tmp_path}/a.en:2."]
    write("b.tsv", "one\teins\ntwo\t\n")
    notes = ParallelText("b.tsv").read(tmp_path).notes
    assert notes == [f"1 pair with an empty side dropped, first at {tmp_path}/b.tsv:2."]


def test_missing_file_lists_near_names(write, tmp_path):
    write("train.de.gz", "x")
    write("train.en.gz", "x")
    place = re.escape(str(tmp_path / "train.dee.gz"))
    check_refused(
        ParallelText("train.dee.gz"),
        tmp_path,
        rf"^There is no file `train.dee.gz`: looked for {place}\. That folder holds train.de.gz, train.en.gz; "
        r"correct the name, or set another folder with `--set data.root=DIR`\.$",
    )
    check_refused(ParallelText("a/b.tsv"), tmp_path, rf"folder {tmp_path}/a does not exist; .*`--set data.root=DIR`")
    check_refused(ParallelText("."), tmp_path, "`.` must be a file, but .* is a folder")


def test_working_directory_is_named_where_root_is_not_given(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check_refused(ParallelText("a.tsv"), None, f"looked for {tmp_path}/a.tsv. That folder holds no files")


@pytest.mark.parametrize(("english", "german"), [(3, 5), (5, 3), (0, 2)])
def test_files_of_different_length(write, tmp_path, english, german):
    write("a.en", "one\n" * english)
    write("a.de", "eins\n" * german)
    check_refused(
        ParallelText("a.en", "a.de"), tmp_path, rf"a\.en has {english} lines, but .*a\.de has {german}: line i"
    )


def test_not_utf8(write, tmp_path):
    write("a.tsv.gz", b"one\teins\n" * 16 + "five\tfünf\n".encode("latin-1"))
    check_refused(ParallelText("a.tsv.gz"), tmp_path, r"a\.tsv\.gz:17 is not UTF-8: byte 0xfc at position 6 .*iconv")


def test_missing_column(write, tmp_path):
    write("a.tsv", "one\teins\ntwo\n")
    check_refused(
        ParallelText("a.tsv"), tmp_path, r"a\.tsv:2 has 1 column, but `target_column` is 1; columns are separated"
    )
    check_refused(ParallelText("a.tsv", source_column=5), tmp_path, r"a\.tsv:1 has 2 columns, but `source_column` is 5")


def test_no_pairs(write, tmp_path):
    write("a.tsv", "")
    check_refused(ParallelText("a.tsv"), tmp_path, r"a\.tsv holds no pairs: it is empty\.$")
    write("a.tsv", "\n \n")
    check_refused(ParallelText("a.tsv"), tmp_path, r"a\.tsv holds no pairs with text: all 2 have an empty side\.$")
    write("a.tsv", "sentence 0\tSatz\n")
    check_refused(
        ParallelText("a.tsv", part="test"),
        tmp_path,
        "holds no pairs in its part `test`: set `part` to `all`, or give a larger file",
    )


@pytest.mark.parametrize("content", [b"plain text", gzip.compress(b"text\tText\n" * 999)[:-17]], ids=["plain", "cut"])
def test_damaged_gzip(tmp_path, content):
    (tmp_path / "a.gz").write_bytes(content)
    check_refused(ParallelText("a.gz"), tmp_path, r"a\.gz cannot be decompressed after line \d+ \(")
