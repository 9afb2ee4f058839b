"""Fixtures of the tests of layers."""

import pytest
from harness import transformer


@pytest.fixture(scope="module", params=["post", "pre"])
def model(request):
    """A small Transformer, its weights random, in both orders of normalization."""
    return transformer(norm_order=request.param)
