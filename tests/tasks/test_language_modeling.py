import math

import numpy as np
import pytest
import tensorflow as tf
from close import NETWORK, assert_close

import keras_transformers as kt
from keras_transformers.api.predict import Answerer
from keras_transformers.data.examples import Documents
from keras_transformers.decoding import Greedy
from keras_transformers.errors import DataError
from keras_transformers.tasks.language_model import LanguageModeling
from keras_transformers.text import SentencePiece

WORDS = "the cat dog sat ran on under a mat log big small red".split()
BOS, EOS = 2, 3
LENGTH = 37
TINY = {
    "model.dim": 16,
    "model.decoder.layers": 2,
    "model.decoder.block.attention.heads": 2,
    "model.decoder.block.feed_forward.hidden_dim": 29,
    "model.position": {"type": "learned", "max_length": LENGTH},
    "data.max_length": LENGTH,
    "task.length": LENGTH,
}


@pytest.fixture(scope="module")
def documents():
    rng = np.random.default_rng(3)
    return Documents([[" ".join(rng.choice(WORDS, 5)) + "." for _ in range(5)] for _ in range(7)])


def learnt(documents, folder, **options):
    tokenizer = SentencePiece(vocab_size=320, **options)
    tokenizer.train(documents.running, folder)
    return tokenizer


@pytest.fixture(scope="module")
def tokenizer(documents, tmp_path_factory):
    return learnt(documents, tmp_path_factory.mktemp("tokenizer"), lossless=True)


@pytest.fixture(scope="module")
def task():
    return LanguageModeling(Greedy(), LENGTH)


@pytest.fixture(scope="module")
def serving(task, tokenizer):
    model = kt.build("gpt_tiny", {**TINY, "model.vocab_size": tokenizer.size})
    for number, weight in enumerate(model.trainable_weights):
        weight.assign(weight + np.random.default_rng(number).normal(scale=0.2, size=weight.shape))
    return task.serving(model, tokenizer)


def nats(serving, ids, start=0):
    """Return what a row takes from place `start` on, by a softmax written out."""
    logits = np.array(serving.model({"tokens": np.array([ids[:-1]], "int32")}), np.float64)[0]
    log_probability = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    said = np.array(ids[1:])
    return -log_probability[np.arange(len(said)), said][start:].sum()


def test_scores_are_those_of_the_text(task, serving, tokenizer):
    text = "the cat sat."
    (ids,) = tokenizer.encode([text]).to_list()
    total = nats(serving, [BOS, *ids, EOS])
    scores, answers = task.score(serving, Documents([[text]]))
    assert answers == []
    assert scores["loss"] == pytest.approx(total / (len(ids) + 1), rel=1e-5)
    assert scores["perplexity"] == pytest.approx(math.exp(total / (len(ids) + 1)), rel=1e-5)
    assert scores["bits_per_byte"] == pytest.approx(total / math.log(2) / 12, rel=1e-5)
    assert scores["bits_per_word"] == pytest.approx(total / math.log(2) / 3, rel=1e-5)


def test_a_long_text_is_scored_with_half_a_row_before_each_token(task, serving, tokenizer, documents):
    text = "".join(documents.running)
    (ids,) = tokenizer.encode([text]).to_list()
    whole, half = [BOS, *ids, EOS], LENGTH // 2
    total, place = nats(serving, whole[: LENGTH + 1]), LENGTH
    while place < len(whole) - 1:
        first = place - half
        total += nats(serving, whole[first : first + LENGTH + 1], start=half)
        place = first + LENGTH
    scores, _ = task.score(serving, Documents([[text]]))
    assert scores["loss"] == pytest.approx(total / (len(ids) + 1), rel=1e-5)


def test_a_tokenizer_that_changes_the_text_gets_no_bits_per_byte(task, serving, documents, tmp_path):
    lossy = learnt(documents, tmp_path)
    odd = Documents([["the  cat"], ["the cat"]])
    other = task.serving(kt.build("gpt_tiny", {**TINY, "model.vocab_size": lossy.size}), lossy)
    assert set(task.score(other, odd)[0]) == {"loss", "perplexity"}
    assert task.notes_on_references(odd, lossy, "data.valid") == [
        "data.valid: of 1 of 2 documents the tokenizer does not keep the very text, so there are no bits per byte or "
        "word; `tokenizer/sentencepiece` does with `lossless: true`."
    ]


def test_the_very_text_needs_no_note(task, tokenizer, documents):
    assert task.notes_on_references(documents, tokenizer, "data.valid") == []


def test_documents_without_text(task, tokenizer):
    with pytest.raises(DataError, match=r"^data\.train: there is no text in 1 documents; give other files\.$"):
        task.encode(Documents([[""]]), tokenizer, 512, 64, 0, "data.train")


def test_rows_are_as_long_as_the_lesser_limit(task, tokenizer, documents):
    for most, expected in ((64, LENGTH), (23, 23)):
        batches, _ = task.encode(documents, tokenizer, 512, most, 0, "data.train")
        inputs, labels = batches.sample()
        assert inputs["tokens"].shape == labels.shape == (1, expected)


PROMPTS = ["the cat", "a", "on under the big red mat", "the dog ran"]


def test_prompts_together_are_answered_as_alone(serving):
    together = {name: value.numpy() for name, value in serving(PROMPTS).items()}
    for row, prompt in enumerate(PROMPTS):
        alone = serving([prompt])
        assert alone["text"].numpy()[0] == together["text"][row]
        assert_close(together["score"][row], alone["score"].numpy()[0], NETWORK)


def most_probable(serving, ids, most):
    """Return what is said after `ids`, each token the most probable, and its log-probability."""
    said, score = list(ids), 0.0
    while len(said) < len(ids) + most:
        logits = np.array(serving.model({"tokens": np.array([said], "int32")}), np.float64)[0, -1]
        logits[[0, BOS]] = -np.inf
        log_probability = logits - np.log(np.exp(logits).sum())
        token = int(np.argmax(log_probability))
        score += log_probability[token]
        if token == EOS:
            break
        said.append(token)
    return said[len(ids) :], score


def test_a_prompt_goes_on_with_what_is_most_probable(serving, tokenizer):
    (prompt,) = tokenizer.encode(PROMPTS[:1]).to_list()
    most = int(serving.search.limit(tf.constant(len(prompt) + 1)))
    answer, score = most_probable(serving, [BOS, *prompt], most)
    found = serving(PROMPTS[:1])
    assert found["text"].numpy()[0] == tokenizer.detokenize(tf.ragged.constant([answer], dtype=tf.int32)).numpy()[0]
    assert found["score"].numpy()[0] == pytest.approx(score, rel=1e-4)


def test_a_blank_prompt_is_answered_with_nothing(serving):
    found = serving(["", " \n", "the"])
    assert found["text"].numpy()[:2].tolist() == [b"", b""]
    assert found["score"].numpy()[:2].tolist() == [0.0, 0.0]


def of_length(tokenizer, length):
    """Return a text of that many tokens."""
    (ids,) = tokenizer.encode(["the cat sat on the mat " * 9]).to_list()
    text = tokenizer.detokenize(tf.ragged.constant([ids[:length]], dtype=tf.int32)).numpy()[0].decode()
    assert len(tokenizer.encode([text]).to_list()[0]) == length
    return text, ids[:length]


def test_what_is_said_ends_where_the_positions_do(serving, tokenizer):
    prompt, ids = of_length(tokenizer, LENGTH - 3)
    answer, score = most_probable(serving, [BOS, *ids], most=3)
    found = serving([prompt])
    assert found["text"].numpy()[0] == tokenizer.detokenize(tf.ragged.constant([answer], dtype=tf.int32)).numpy()[0]
    assert found["score"].numpy()[0] == pytest.approx(score, rel=1e-4)


def test_a_prompt_that_is_longer_than_the_positions(serving, tokenizer):
    fits, too_long = (of_length(tokenizer, length)[0] for length in (LENGTH - 1, LENGTH))
    answer = Answerer(serving, ("text",), "text")
    assert answer([fits, "the"])["text"].shape == (2,)
    with pytest.raises(DataError, match=r"^A prompt is longer than the 36 tokens that the model can read\.$"):
        answer(["the", too_long])
