import math

import numpy as np
import pytest
import tensorflow as tf
from close import NETWORK, assert_close

from keras_transformers import build
from keras_transformers.data.batches.masked import MaskedBlocks
from keras_transformers.data.examples import Documents
from keras_transformers.errors import DataError, RecipeError
from keras_transformers.tasks.masked_lm import MaskedLanguageModel
from keras_transformers.text.wordpiece import WordPiece

WORDS = "the cat dog sat ran on under a mat log big small red".split()
TINY = {
    "model.dim": 16,
    "model.encoder.layers": 1,
    "model.encoder.block.attention.heads": 2,
    "model.encoder.block.feed_forward.hidden_dim": 29,
    "tokenizer.vocab_size": 53,
}


@pytest.fixture(scope="module")
def documents():
    rng = np.random.default_rng(3)
    return Documents([[" ".join(rng.choice(WORDS, 5)) + "." for _ in range(11)] for _ in range(7)])


@pytest.fixture(scope="module")
def tokenizer(documents, tmp_path_factory):
    tokenizer = WordPiece(53)
    tokenizer.train(documents.texts, tmp_path_factory.mktemp("tokenizer"))
    return tokenizer


@pytest.fixture(scope="module")
def task():
    return MaskedLanguageModel(length=23, top=3)


@pytest.fixture(scope="module")
def serving(task, tokenizer):
    model = build("pretrain_pydocs", {**TINY, "model.vocab_size": tokenizer.size, "task.length": 23})
    return task.serving(model, tokenizer)


def test_masks_are_filled(serving):
    texts = ["The [MASK] sat", "no mask", "", "[MASK] big [MASK]."]
    found = {name: one.numpy() for name, one in serving(texts).items()}
    assert found["tokens"].shape == found["scores"].shape == (4, 2, 3)
    first = [[token.decode() for token in row] for row in found["tokens"][:, :, 0]]
    filled = [text.decode() for text in found["text"]]
    assert filled == [f"The {first[0][0]} sat", "no mask", "", f"{first[3][0]} big {first[3][1]}."]
    assert (found["tokens"][1:3] == b"").all()
    assert (found["scores"][1:3] == 0).all()
    for scores in (found["scores"][0, 0], found["scores"][3, 1]):
        assert 1 > scores[0] >= scores[1] >= scores[2] > 0


def test_texts_together_are_answered_as_alone(serving):
    texts = ["a [MASK] [MASK] mat under the log", "the [MASK]"]
    together = serving(texts)["scores"].numpy()
    alone = serving(texts[1:])["scores"].numpy()
    assert_close(together[1, :1], alone[0], NETWORK)


def test_a_mask_beyond_the_longest_sequence_stays(serving):
    text = "[MASK] " + "cat " * 40 + "[MASK]"
    filled = serving([text])["text"].numpy()[0].decode()
    assert filled.startswith(serving([text])["tokens"].numpy()[0, 0, 0].decode())
    assert filled.endswith("cat [MASK]")
    assert serving([text])["tokens"].shape == (1, 1, 3)


def test_no_sequence_is_longer_than_the_positions(serving, tokenizer):
    longest = serving.model.backbone.embed.position.max_length
    assert MaskedLanguageModel(length=512).serving(serving.model, tokenizer).length == longest < 512


def test_no_text_at_all(serving):
    assert serving(tf.constant([], tf.string))["tokens"].shape == (0, 0, 3)


def test_it_is_saved_whole(serving, tmp_path):
    from keras_transformers.api.export import write

    write(serving, tmp_path / "saved")
    answer = tf.saved_model.load(str(tmp_path / "saved")).signatures["serving_default"]
    texts = tf.constant(["the [MASK] ran", "[MASK]"])
    for name, wanted in serving(texts).items():
        found = answer(text=texts)[name].numpy()
        if name == "scores":
            assert_close(found, wanted, NETWORK)
        else:
            np.testing.assert_array_equal(found, wanted)


def test_scores(task, serving, documents):
    scores, _ = task.score(serving, documents)
    assert set(scores) == {"mlm_loss", "mlm_accuracy", "mlm_perplexity", "nsp_accuracy"}
    assert scores["mlm_loss"] == pytest.approx(math.log(serving.tokenizer.size), rel=0.1)  # it has learnt nothing
    assert scores["mlm_perplexity"] == pytest.approx(math.exp(scores["mlm_loss"]))
    assert task.score(serving, documents)[0] == scores


def test_a_loss_too_large_for_a_perplexity(task, serving, documents, monkeypatch):
    class Diverged:
        def measures(self, labels, outputs):
            return {"mlm_loss": (1e4, 1.0)}

    monkeypatch.setattr(type(task), "loss", lambda self: Diverged())
    assert task.score(serving, documents)[0] == {"mlm_loss": 1e4, "mlm_perplexity": math.inf}


def test_encode_tells_the_unigram_entropy(task, tokenizer):
    words = [piece for piece in tokenizer.vocabulary if piece in WORDS][:2]  # some words have no piece of their own
    documents = Documents([words, words[::-1]])
    _, notes = task.encode(documents, tokenizer, 307, 23, 0, "data.train")
    assert notes == [f"data.train: the unigram entropy is {math.log(2):.2f} nats a token."]


def test_what_gives_no_pair_is_told(task, tokenizer, documents):
    few = Documents([*documents.sentences, ["One cat."], [" ".join(WORDS * 2), "The dog."]])
    _, notes = task.encode(few, tokenizer, 307, 23, 0, "data.train")
    long = int(np.count_nonzero(tokenizer.tokenize(few.texts).row_lengths() > 10))
    assert notes[1:] == [
        f"data.train: {long} sentences are longer than 10 tokens and were cut into such of 10.",
        "data.train: 1 of 9 documents have less than two sentences and were left out of pairs.",
    ]


def test_blocks_instead_of_pairs(tokenizer, documents):
    task = MaskedLanguageModel(next_sentence=False, length=41)
    encoded, _ = task.encode(documents, tokenizer, 307, 23, 0, "data.train")
    assert isinstance(encoded, MaskedBlocks)
    assert encoded.lengths[0].max() == 23  # `data.max_length` is less
    inputs, labels = encoded.sample()
    assert set(labels) == {"masked"}
    assert not inputs["segments"].any()


@pytest.mark.parametrize(
    ("sentences", "count"), [([["One cat.", "Two dogs."]], "1 among 1"), ([["One cat."], ["Two dogs."]], "0 among 2")]
)
def test_pairs_need_two_documents(task, tokenizer, sentences, count):
    with pytest.raises(DataError, match=f"at least two documents of two sentences, but there are {count}; add text"):
        task.encode(Documents(sentences), tokenizer, 307, 23, 0, "data.train")


def test_text_without_a_token_is_refused(tokenizer):
    for pairs in (True, False):
        with pytest.raises(DataError, match=r"data\.train: there is no text"):
            MaskedLanguageModel(pairs).encode(Documents([["\x07"]]), tokenizer, 307, 23, 0, "data.train")


def test_another_kind_of_model_is_refused():
    with pytest.raises(RecipeError, match=r"needs a model with the outputs .* not a Transformer"):
        MaskedLanguageModel().model(build("transformer_tiny"))


def test_too_short_a_sequence_is_refused(task, tokenizer, documents):
    with pytest.raises(DataError, match=r"`data\.max_length` must be at least 8, but is 7"):
        task.encode(documents, tokenizer, 307, 7, 0, "data.train")
