import gzip

import pytest

from keras_transformers.data.examples import Documents
from keras_transformers.data.sources.document_files import DocumentFiles, split_sentences
from keras_transformers.data.sources.python_docs import PythonDocs
from keras_transformers.data.sources.python_packages import PythonPackages
from keras_transformers.errors import DataError


@pytest.fixture
def root(tmp_path):
    (tmp_path / "a.txt").write_text("\n\nOne  one.\nTwo.\n \nThree.\n", encoding="utf-8")
    (tmp_path / "b.txt.gz").write_bytes(gzip.compress("Vier.\r\nFünf.".encode()))
    return tmp_path


def test_blank_lines_separate_documents(root):
    documents = DocumentFiles(["a.txt", "b.txt.gz"]).read(root)
    assert documents.sentences == [["One one.", "Two."], ["Three."], ["Vier.", "Fünf."]]
    assert documents.texts == ["One one.", "Two.", "Three.", "Vier.", "Fünf."]
    assert len(DocumentFiles(["a.txt", "b.txt.gz"], limit=2).read(root)) == 2


def test_running_text_is_as_it_was_read(tmp_path):
    (tmp_path / "code.txt").write_text("def f():\n    return  1\n\n\n  x = 2\n", encoding="utf-8")
    for sentences in ("lines", "split"):
        documents = DocumentFiles(["code.txt"], sentences=sentences).read(tmp_path)
        assert documents.running == ["def f():\n    return  1", "  x = 2"]


def test_where_only_sentences_are_known_each_is_a_line():
    documents = Documents([["One.", "Two."], ["Three."]])
    assert documents.running == ["One.\nTwo.", "Three."]
    with pytest.raises(ValueError, match=r"^`wholes` must be as many as `sentences` \(1\), but are 2\.$"):
        Documents([["One."]], wholes=["One.", "Two."])


def test_lines_can_be_joined_and_split(tmp_path):
    (tmp_path / "wrapped.txt").write_text("It rains. It\npours! e.g. here. (So what?)\n“Yes.”\n", encoding="utf-8")
    documents = DocumentFiles(["wrapped.txt"], sentences="split").read(tmp_path)
    assert documents.sentences == [["It rains.", "It pours! e.g. here.", "(So what?) “Yes.”"]]
    assert split_sentences("下雨。很大！ ") == ["下雨。", "很大！"]


def test_parts_are_disjoint_and_whole(tmp_path):
    (tmp_path / "many.txt").write_text("\n\n".join(f"Document {i}.\nIts end." for i in range(211)), encoding="utf-8")
    parts = {part: DocumentFiles(["many.txt"], part=part).read(tmp_path).texts for part in ("train", "valid", "test")}
    together = DocumentFiles(["many.txt"]).read(tmp_path).texts
    assert sorted(text for texts in parts.values() for text in texts) == sorted(together)
    assert 2 * len(parts["valid"]) < len(parts["train"])


@pytest.mark.parametrize(
    ("content", "options", "message"),
    [
        ("\n \n", {}, r"a\.txt holds no documents: it is empty\.$"),
        (
            "One.\n",
            {"part": "valid"},
            "holds no documents in its part `valid`: set `part` to `all`, or give a larger file",
        ),
    ],
)
def test_an_empty_corpus_is_refused(tmp_path, content, options, message):
    (tmp_path / "a.txt").write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        DocumentFiles(["a.txt"], **options).read(tmp_path)


def test_no_file_at_all_is_refused(tmp_path):
    with pytest.raises(DataError, match=r"`paths` must name at least one file, but is empty\."):
        DocumentFiles([]).read(tmp_path)
    with pytest.raises(DataError, match=r"There is no file `x\.txt`"):
        DocumentFiles(["x.txt"]).read(tmp_path)


def test_python_documents_itself():
    parts = [PythonDocs(part).read() for part in ("train", "valid", "test")]
    together = PythonDocs().read()
    assert sum(map(len, parts)) == len(together) > 300
    assert all(len(sentences) > 1 and all(sentences) for sentences in together.sentences)
    assert sum(map(len, together.texts)) > 1_000_000
    assert len(PythonDocs(limit=3).read()) == 3
    assert together.texts == PythonDocs().read("no/such/folder").texts


def test_a_python_without_documentation_says_so(monkeypatch):
    from keras_transformers.data.sources import python_docs

    monkeypatch.setattr(python_docs, "corpus", tuple)
    with pytest.raises(DataError, match="This Python carries no documentation"):
        PythonDocs().read()


def test_docstrings_are_labelled_with_their_package():
    parts = [PythonPackages(part).read() for part in ("train", "valid", "test")]
    together = PythonPackages().read()
    assert len(set(together.texts)) == len(together) == sum(map(len, parts))
    assert len(parts[0]) > len(parts[2]) > len(parts[1])
    assert {"email", "asyncio", "unittest"} <= set(together.labels) == set(parts[2].labels)
    assert all(place.split(".")[0] == label for place, label in zip(together.places, together.labels))
    assert PythonPackages("train", limit=53).read().texts == parts[0].texts[:53]
    assert len(set(parts[0].labels[:53])) > 5
    with pytest.raises(DataError, match=r"`least` must be at most \d+, .* but is 99999"):
        PythonPackages(least=99999).read()
