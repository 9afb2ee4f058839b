import pytest
from small import rnn, transformer


@pytest.fixture(scope="module", params=[transformer, rnn], ids=["transformer", "rnn"])
def model(request):
    return request.param()
