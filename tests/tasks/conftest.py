import string

import pytest


@pytest.fixture(scope="session")
def letters(tmp_path_factory):
    """A `WordPiece` for which each letter, digit and sign is a piece."""
    from keras_transformers.text.wordpiece import FILE, WordPiece

    folder = tmp_path_factory.mktemp("letters")
    signs = string.ascii_lowercase + string.digits + string.punctuation + "éßñ"
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *signs, *(f"##{sign}" for sign in signs)]
    (folder / FILE).write_text("".join(f"{piece}\n" for piece in pieces), encoding="utf-8")
    tokenizer = WordPiece(1000)
    tokenizer.load(folder)
    return tokenizer
