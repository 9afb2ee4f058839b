import io
import json

import numpy as np
import pytest
from close import NETWORK, SUMS, assert_close

import keras_transformers as kt
from keras_transformers.api.embed import Embedder
from keras_transformers.api.embed.output import write_npz
from keras_transformers.cli import parser as cli
from keras_transformers.errors import RunError

TEXTS = ["I made a bank deposit.", "", "naïve  café — déjà vu!", "river bank"]
D, LONGEST = 26, 43


def inputs(run, text):
    from keras_transformers.text.packing import pack

    tokens, segments = pack(run.tokenizer(), [text])
    return {"tokens": tokens.to_tensor(), "segments": segments.to_tensor()}


@pytest.fixture(scope="module")
def words(bert_run):
    return kt.embed(bert_run, TEXTS, unit="word")


def test_words_stand_as_in_the_text(words):
    assert words[0].words == ["I", "made", "a", "bank", "deposit", "."]
    assert (words[1].words, words[1].vectors.shape) == ([], (0, D))
    assert words[2].words == ["naïve", "café", "—", "déjà", "vu", "!"]
    for text, each in zip(TEXTS, words):
        assert [text[start:end] for start, end in each.spans] == each.words
        assert each.vectors.shape == (len(each.words), D)


def test_a_words_vector_is_the_mean_of_its_pieces(bert_run, words):
    states = bert_run.model()(inputs(bert_run, TEXTS[0]))["sequence"][0].numpy()
    pieces = bert_run.tokenizer().pieces(bert_run.tokenizer().encode([TEXTS[0]])[0].numpy())
    assert any(piece.startswith("##") for piece in pieces)
    first = [place for place, piece in enumerate(pieces) if not piece.startswith("##")]
    for vector, start, end in zip(words[0].vectors, first, [*first[1:], len(pieces)]):
        assert_close(vector, states[1 + start : 1 + end].mean(0), NETWORK)


def test_the_same_word_differs_by_context_and_not_by_neighbours_in_the_batch(bert_run, words):
    bank = words[0].vectors[3], words[3].vectors[1]
    assert np.abs(bank[0] - bank[1]).max() > 1e-3
    alone = kt.embed(bert_run, [TEXTS[3]], unit="word")[0]
    assert_close(alone.vectors, words[3].vectors, NETWORK)


def test_sentences(bert_run):
    found = kt.embed(bert_run.path, TEXTS)
    assert (found.shape, found.dtype) == ((len(TEXTS), D), np.float32)
    assert_close(np.linalg.norm(found, axis=1), 1.0, SUMS)
    states = bert_run.model()(inputs(bert_run, TEXTS[2]))["sequence"][0].numpy()
    (first,) = kt.embed(bert_run, [TEXTS[2]], pooling="cls")
    for vector, wanted in ((found[2], states.mean(0)), (first, states[0])):
        assert_close(vector, wanted / np.linalg.norm(wanted), NETWORK)


def test_layers_are_counted_from_what_enters_the_first(bert_run, words):
    model, given = bert_run.model(), inputs(bert_run, TEXTS[3])
    entering = kt.embed(bert_run, TEXTS[3:], unit="word", layer=0)[0].vectors
    wanted = model.embed(given["tokens"], given["segments"])[0].numpy()
    pieces = bert_run.tokenizer().pieces(given["tokens"].numpy()[0])
    assert pieces[1].startswith("r")
    assert_close(entering[0], wanted[1:][: 1 + _continued(pieces[2:])].mean(0), NETWORK)
    last = kt.embed(bert_run, TEXTS[3:], unit="word", layer=3)[0].vectors
    assert_close(last, words[3].vectors, NETWORK)
    with pytest.raises(RunError, match=r"^`layer` must be from 0 to 3, the blocks of .*, but is 4\.$"):
        kt.embed(bert_run, TEXTS, layer=4)


def _continued(pieces):
    """Return how many pieces go on with the word before them."""
    return next(place for place, piece in enumerate(pieces) if not piece.startswith("##"))


def test_long_texts_are_cut_with_a_warning_or_read_in_windows(bert_run):
    long = "bank . " * 53
    with pytest.warns(UserWarning, match=f"1 of 2 texts are longer than the model reads \\({LONGEST} tokens\\)"):
        kt.embed(bert_run, [long, "bank"])
    (found,) = kt.embed(bert_run, [long], unit="word")
    assert found.words == long.split()
    assert (np.abs(found.vectors).sum(1) > 0).all()


def test_what_cannot_be_embedded(bert_run, trained):
    with pytest.raises(RunError, match=r" must hold an encoder, such as BERT, but does not\.$"):
        kt.embed(trained, TEXTS)
    with pytest.raises(ValueError, match=r"^`unit` must be sentence or word, but is letter\.$"):
        Embedder(bert_run, "letter")
    with pytest.raises(ValueError, match=r"^`pooling` must be None for words, which are not pooled, but is cls\.$"):
        kt.embed(bert_run, TEXTS, unit="word", pooling="cls")


@pytest.fixture
def lines(monkeypatch):
    """Put the texts on standard input."""
    stream = io.TextIOWrapper(io.BytesIO("".join(f"{text}\n" for text in TEXTS).encode()))
    monkeypatch.setattr("sys.stdin", stream)


def test_command_line_writes_json_lines(bert_run, words, lines, capsys):
    assert cli.main(["embed", str(bert_run.path), "--unit", "word"]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [each["text"] for each in found] == TEXTS
    for each, wanted in zip(found, words):
        assert [word["word"] for word in each["words"]] == wanted.words
        vectors = np.array([word["vector"] for word in each["words"]], "float32").reshape(-1, D)
        assert_close(vectors, wanted.vectors, SUMS)


def test_command_line_writes_an_archive(bert_run, lines, tmp_path):
    assert cli.main(["embed", str(bert_run.path), "--out", str(tmp_path / "out.npz")]) == 0
    with np.load(tmp_path / "out.npz") as found:
        assert found["texts"].tolist() == TEXTS
        assert found["vectors"].shape == (len(TEXTS), D)


def test_an_archive_of_words(words):
    stream = io.BytesIO()
    write_npz(stream, TEXTS, words, D)
    with np.load(io.BytesIO(stream.getvalue())) as found:
        assert found["words"].tolist() == [word for each in words for word in each.words]
        assert found["rows"].tolist() == [row for row, each in enumerate(words) for _ in each.words]
        spans = zip(found["starts"].tolist(), found["ends"].tolist())
        assert list(spans) == [span for each in words for span in each.spans]
        np.testing.assert_array_equal(found["vectors"], np.concatenate([each.vectors for each in words]))


def test_no_text_at_all():
    stream = io.BytesIO()
    write_npz(stream, [], [], D)
    with np.load(io.BytesIO(stream.getvalue())) as found:
        assert found["vectors"].shape == (0, D)


def test_command_line_refuses_other_files(bert_run, capsys, tmp_path):
    assert cli.main(["embed", str(bert_run.path), "--out", str(tmp_path / "out.csv")]) == 2
    assert capsys.readouterr().err == f"`--out` must end in .npz or .jsonl, but is {tmp_path}/out.csv.\n"


def test_command_line_refuses_to_pool_words(bert_run, capsys):
    assert cli.main(["embed", str(bert_run.path), "--unit", "word", "--pooling", "cls"]) == 2
    wanted = "`--pooling` is for sentences, but --unit is word: leave out --pooling cls.\n"
    assert capsys.readouterr().err == wanted


@pytest.mark.parametrize(
    ("out", "message"),
    [
        ("no/v.jsonl", "no/v.jsonl cannot be written: there is no folder no."),
        ("folder.jsonl", "`--out` must name a file, but folder.jsonl is a folder."),
        ("in.jsonl", "`--out` must name another file than the one that is read, in.jsonl."),
    ],
)
def test_command_line_looks_first_where_it_shall_write(bert_run, capsys, tmp_path, monkeypatch, out, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.jsonl").mkdir()
    (tmp_path / "in.jsonl").write_text("the bank\n")
    for verb in ("embed", "predict"):
        assert cli.main([verb, str(bert_run), "in.jsonl", "--out", out]) == 2
        assert capsys.readouterr().err == f"{message}\n"
    assert (tmp_path / "in.jsonl").read_text() == "the bank\n"
    assert len(list(tmp_path.iterdir())) == 2
