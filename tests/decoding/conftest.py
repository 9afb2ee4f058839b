import pytest
from small import transformer


@pytest.fixture(scope="module")
def model():
    return transformer()
