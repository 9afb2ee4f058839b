"""Fixtures of the tests of layers."""

import keras
import pytest
from harness import transformer

if keras.backend.backend() == "jax":
    import jax

    jax.config.update("jax_disable_most_optimizations", True)  # nearly all the time is compilation


@pytest.fixture(scope="module", params=["post", "pre"])
def model(request):
    """A small Transformer, its weights random, in both orders of normalization."""
    return transformer(norm_order=request.param)
