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
    assert tagged.notes == [f"1 word with a space, which became a no-break space, first at {place}."]


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
    check_refused(Conll("a.conll"), tmp_path, r"a\.conll holds no sentences: it is empty\.$")


def test_tags_are_as_many_as_words():
    with pytest.raises(ValueError, match="`tags` must be as many as `words`"):
        Tagged([["a", "b"]], [["O"]], ["a.conll:1"])


# As in https://universaldependencies.org/format.html, with a range, empty nodes and a word of two parts.
CONLLU = """\
# newdoc id = d1
# sent_id = d1-1
# text = # vámonos al mar 10 000
1\t#\t#\tSYM\t_\t_\t2\tdep\t_\t_
2-3\tvámonos\t_\t_\t_\t_\t_\t_\t_\t_
2\tvamos\tir\tVERB\t_\t_\t0\troot\t_\t_
3\tnos\tnosotros\tPRON\t_\t_\t2\tobj\t_\t_
4-5\tal\t_\t_\t_\t_\t_\t_\t_\tSpaceAfter=No
4\ta\ta\tADP\t_\t_\t6\tcase\t_\t_
5\tel\tel\tDET\t_\t_\t6\tdet\t_\t_
6\tmar\tmar\tNOUN\t_\t_\t2\tobl\t_\t_
6.1\tbajar\tbajar\tVERB\t_\t_\t_\t_\t0:root\t_
7\t10 000\t10 000\tNUM\t_\t_\t6\tnummod\t_\t_

# sent_id = d1-2
# text = Sí.
0.1\tyo\tyo\tPRON\t_\t_\t_\t_\t0:root\t_
1\tSí\tsí\tINTJ\t_\t_\t0\troot\t_\tSpaceAfter=No
2\t.\t.\tPUNCT\t_\t_\t1\tpunct\t_\t_
"""
WORDS = [["#", "vamos", "nos", "a", "el", "mar", "10\u00a0000"], ["Sí", "."]]
TAGS = [["SYM", "VERB", "PRON", "ADP", "DET", "NOUN", "NUM"], ["INTJ", "PUNCT"]]


@pytest.mark.parametrize("name", ["a.conllu", "a.conllu.gz", "a.txt"])
@pytest.mark.parametrize("options", [{}, {"format": "conllu"}, {"word_column": 1, "tag_column": 3}])
def test_conllu_as_it_is(write, tmp_path, name, options):
    write(CONLLU, name)
    tagged = Conll(name, **options).read(tmp_path)
    assert (tagged.words, tagged.tags) == (WORDS, TAGS)
    path = tmp_path / name
    assert tagged.places == [f"{path}:4", f"{path}:18"]
    assert tagged.notes == [
        f"2 lines with a range of words, such as 2-3, left out, first at {path}:5.",
        f"2 lines with an empty node, such as 8.1, left out, first at {path}:12.",
        f"1 word with a space, which became a no-break space, first at {path}:4.",
    ]


def test_other_columns_of_conllu(write, tmp_path):
    write(CONLLU, "a.conllu")
    tagged = Conll("a.conllu", word_column=2, tag_column=7).read(tmp_path)
    assert tagged.words[0][1] == "ir"
    assert tagged.tags[1] == ["root", "punct"]


def test_conllu_without_comments_is_known_by_its_columns(write, tmp_path):
    write("\n".join(line for line in CONLLU.split("\n") if not line.startswith("# ")))
    assert Conll("a.conll").read(tmp_path).words == WORDS


def test_conllu_plus_names_its_columns(write, tmp_path):
    write(
        "# global.columns = ID UPOS FORM NE\n# text = Ann sang\n1\tPROPN\tAnn\tB-PER\n2\tVERB\tsang\tO\n", "a.conllup"
    )
    assert Conll("a.conllup").read(tmp_path).words == [["Ann", "sang"]]
    assert Conll("a.conllup").read(tmp_path).tags == [["PROPN", "VERB"]]
    assert Conll("a.conllup", tag_column=3).read(tmp_path).tags == [["B-PER", "O"]]


def test_a_line_of_conllu_without_a_number(write, tmp_path):
    write("1\tAnn\t_\tPROPN\nsang\t_\t_\tVERB\n", "a.conllu")
    check_refused(
        Conll("a.conllu"),
        tmp_path,
        r"a\.conllu:2 must begin with a number, a range \(2-3\) or an empty node \(8\.1\), as lines of CoNLL-U do, but "
        r"begins with 'sang'; if the file is of another kind, set `format` to `conll`\.$",
    )
    assert Conll("a.conllu", format="conll").read(tmp_path).words == [["1", "sang"]]


COMMENTED = {
    "MultiCoNER": ("# id 5239-aa\tdomain=en\nAnn _ _ B-PER\nsang _ _ O\n\n\n# id 5239-bb\tdomain=en\n# _ _ O\n", {}),
    "the same with tabs": ("# id 5239-aa\tdomain=en\nAnn\tB-PER\nsang\tO\n\n# id 5239-bb\tdomain=en\n#\tO\n", {}),
    "GermEval": (
        "#\thttp://example.org/a\t[2009-10-17]\n1\tAnn\tB-PER\tO\n2\tsang\tO\tO\n\n"
        "#\thttp://example.org/b\t[2009-10-18]\n1\t#\tO\tO\n",
        {"word_column": 1, "tag_column": 2},
    ),
    "OntoNotes": (
        "#begin document (a/b); part 000\nAnn NNP B-PER\nsang VBD O\n\n#end document\n"
        "#begin document (a/b); part 001\n# NN O\n\n#end document\n",
        {},
    ),
    "CoNLL-2003": ("-DOCSTART- -X- O O\n\nAnn NNP I-NP B-PER\nsang VBD O O\n\n-DOCSTART- -X- O O\n\n# NN O O\n", {}),
    "keys and values": ("# text = Ann sang\nAnn _ _ B-PER\nsang _ _ O\n\n# text = #\n# _ _ O\n", {}),
}


@pytest.mark.parametrize("kind", COMMENTED)
def test_comments_are_no_words_and_a_word_that_is_a_hash_is_one(write, tmp_path, kind):
    content, options = COMMENTED[kind]
    write(content)
    tagged = Conll("a.conll", **options).read(tmp_path)
    assert tagged.words == [["Ann", "sang"], ["#"]]
    assert tagged.tags == [["B-PER", "O"], ["O"]]


def test_no_comment_is_expected_within_a_sentence(write, tmp_path):
    write("Ann O\n# X\n\n#MeToo B-Y\n#too O\n")
    assert Conll("a.conll").read(tmp_path).words == [["Ann", "#"], ["#MeToo", "#too"]]
    write("# O\n")  # there is nothing else to tell by
    assert Conll("a.conll").read(tmp_path).words == [["#"]]


def test_doubtful_comments_are_told(write, tmp_path):
    write("Ann O\n\n# X\nsang O\n\n#x y z\nagain O\n")
    tagged = Conll("a.conll").read(tmp_path)
    assert tagged.words == [["Ann"], ["sang"], ["again"]]
    path = tmp_path / "a.conll"
    assert tagged.notes == [
        f"1 line taken for a comment, as it begins with # and has a tag that no other has, first at {path}:3.",
        f"1 line taken for a comment, as it begins with # and has other columns, first at {path}:6.",
    ]


def test_only_spaces_and_tabs_separate_columns(write, tmp_path):
    write("10\u00a0000  B-NUM \nx\u3000y\u2003z O\n")
    tagged = Conll("a.conll").read(tmp_path)
    assert (tagged.words, tagged.tags) == ([["10\u00a0000", "x\u3000y\u2003z"]], [["B-NUM", "O"]])
    assert tagged.notes == []


def test_a_line_of_another_number_of_columns(write, tmp_path):
    write("Ann NNP B-PER\nsang O\n")
    check_refused(
        Conll("a.conll"),
        tmp_path,
        r"a\.conll:2 has 2 columns, but the first word of its sentence has 3; columns are separated by tabs or, in a "
        r"line without tabs, by spaces: 'sang O'\.$",
    )


def test_sentences_of_another_number_of_columns(write, tmp_path):
    write("Ann NNP B-PER\n\nsang VBD O x\n\nagain RB O x y\n")
    check_refused(
        Conll("a.conll"),
        tmp_path,
        r"a\.conll:3 has 4 columns, but the first sentence has 3, so the last is not always the same one: say which "
        r"column is the tag's with `tag_column`\.$",
    )
    tagged = Conll("a.conll", tag_column=2).read(tmp_path)
    assert tagged.tags == [["B-PER"], ["O"], ["O"]]
    assert tagged.notes == [
        f"2 sentences with another number of columns than the first one, first at {tmp_path}/a.conll:3."
    ]


def test_a_document_begins_a_sentence(write, tmp_path):
    write("Ann O\n-DOCSTART- -X-\nsang O\n#end document\nagain O\n")
    assert Conll("a.conll").read(tmp_path).words == [["Ann"], ["sang"], ["again"]]


def test_parts(write, tmp_path):
    write("".join(f"word{number} O\n\n" for number in range(211)))
    parts = {part: Conll("a.conll", part=part).read(tmp_path).texts for part in ("train", "valid", "test", "all")}
    assert sorted(text for part in ("train", "valid", "test") for text in parts[part]) == sorted(parts["all"])
    assert len(parts["train"]) > 170
