import pytest

# Sentences of our own; enough for a small vocabulary.
SENTENCES = [
    "The cat sat on the mat.",
    "A dog runs over the green meadow.",
    "Two children are playing with a red ball.",
    "Die Katze saß auf der Matte.",
    "Ein Hund läuft über die grüne Wiese.",
    "Zwei Kinder spielen mit einem roten Ball.",
    "Ein alter Mann sitzt auf einer Bank und liest.",
    "An old man is sitting on a bench, reading.",
    "猫坐在垫子上。",
    "一只狗跑过绿色的草地！",
] * 3


@pytest.fixture(scope="session")
def sentences():
    return list(SENTENCES)


@pytest.fixture(scope="session")
def characters(sentences, tmp_path_factory):
    from keras_transformers.text import Characters

    tokenizer = Characters()
    tokenizer.train(sentences, tmp_path_factory.mktemp("characters"))
    return tokenizer


@pytest.fixture(scope="session")
def sentencepiece(sentences, tmp_path_factory):
    from keras_transformers.text import SentencePiece

    tokenizer = SentencePiece(97)
    tokenizer.train(sentences, tmp_path_factory.mktemp("sentencepiece"))
    return tokenizer


@pytest.fixture(scope="session")
def wordpiece(sentences, tmp_path_factory):
    from keras_transformers.text import WordPiece

    tokenizer = WordPiece(211, lowercase=False)
    tokenizer.train(sentences, tmp_path_factory.mktemp("wordpiece"))
    return tokenizer


@pytest.fixture(params=["characters", "sentencepiece", "wordpiece"])
def tokenizer(request):
    return request.getfixturevalue(request.param)


@pytest.fixture(params=["characters", "sentencepiece"])
def lossless(request):
    """A tokenizer that gives the text back as it was."""
    return request.getfixturevalue(request.param)
