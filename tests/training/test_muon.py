import keras
import numpy as np
import pytest
from close import UPDATES, assert_close
from test_optimizers import named_variables, steps_of

from keras_transformers.training.muon import Muon, is_kernel, orthogonal
from keras_transformers.training.optimizers import AdamW


def by_singular_values(matrix):
    """Return what five steps of 3.4445 x - 4.7750 x³ + 2.0315 x⁵ make of the singular values."""
    u, values, v = np.linalg.svd(matrix.astype(np.float64), full_matrices=False)
    values = values / np.sqrt((values**2).sum())
    for _ in range(5):
        values = 3.4445 * values - 4.7750 * values**3 + 2.0315 * values**5
    return u @ np.diag(values) @ v


@pytest.mark.parametrize("shape", [(7, 13), (13, 7), (11, 11)])
def test_a_matrix_is_made_nearly_orthogonal(shape):
    matrix = np.random.default_rng(1).normal(size=shape).astype("float32")
    found = orthogonal(keras.ops.convert_to_tensor(matrix)).numpy()
    assert_close(found, by_singular_values(matrix), UPDATES, size=1.0)
    values = np.linalg.svd(found, compute_uv=False)
    assert 0.6 < values.min() <= values.max() < 1.3


def test_in_bfloat16_it_is_as_orthogonal():
    matrix = np.random.default_rng(1).normal(size=(13, 29)).astype("float32")
    found = orthogonal(keras.ops.convert_to_tensor(matrix), "bfloat16")
    assert found.dtype == "float32"
    values = np.linalg.svd(found.numpy(), compute_uv=False)
    assert 0.6 < values.min() <= values.max() < 1.3


def test_a_kernel_moves_by_its_orthogonal_momentum():
    (kernel, _), rate, decay = named_variables(), 0.01, 0.1
    value, sum_ = kernel.numpy().astype(np.float64), 0.0
    rng = np.random.default_rng(7)
    for _ in range(3):
        gradient = rng.normal(size=kernel.shape).astype("float32")
        rng.normal(size=(7,))
        sum_ = 0.9 * sum_ + gradient
        direction = by_singular_values(gradient + 0.9 * sum_)
        value = value * (1 - rate * decay) - rate * 0.2 * np.sqrt(max(kernel.shape)) * direction
    found = steps_of(Muon(momentum=0.9, weight_decay=decay, learning_rate=rate), named_variables())
    assert_close(found[0], value, UPDATES, size=3 * rate)


def test_all_else_moves_as_by_adamw():
    options = {"learning_rate": 0.01, "weight_decay": 0.1, "beta_2": 0.98}
    found, wanted = (steps_of(kind(**options), named_variables()) for kind in (Muon, AdamW))
    assert found[1].tolist() == wanted[1].tolist()
    assert np.abs(found[0] - wanted[0]).max() > 1e-3


def test_what_a_kernel_is():
    layer = keras.layers.Dense(3, name="logits")
    inner = keras.layers.Dense(3, name="query")
    for one in (layer, inner):
        one.build((None, 5))
    assert [is_kernel(one) for one in (inner.kernel, inner.bias, layer.kernel)] == [True, False, False]
    embedding = keras.layers.Embedding(7, 3)
    embedding.build()
    assert not is_kernel(embedding.embeddings)


def test_it_survives_saving():
    optimizer = Muon(momentum=0.8, weight_decay=0.3, clip_norm=0.5, learning_rate=0.01)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(optimizer))
    assert type(again) is Muon
    assert again.get_config() == optimizer.get_config()
