"""Fixtures of the tests of checkpoints."""

import pytest
from small_bert import as_hugging_face, build, write_folder


@pytest.fixture(scope="session")
def model():
    """A small BERT, its weights random."""
    return build()


@pytest.fixture
def tensors(model):
    """Its tensors, as Hugging Face names and turns them."""
    return as_hugging_face(model)


@pytest.fixture
def folder(tmp_path, tensors):
    """A Hugging Face folder of it."""
    return write_folder(tmp_path / "checkpoint", tensors)
