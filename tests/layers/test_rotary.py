import numpy as np
import pytest
from close import SUMS, assert_close
from harness import B, D, H, K, T, array, perturb, random

from keras_transformers.layers import RotaryAttention
from keras_transformers.layers.rotary import rotated


def turned(x, positions, max_wavelength=10_000.0):
    """Return the same by complex numbers: pair i times exp(√-1 · pos / max_wavelength^(2i/K))."""
    half = x.shape[-1] // 2
    pairs = x[..., :half] + 1j * x[..., half : 2 * half]
    frequency = np.array([max_wavelength ** (-pair / half) for pair in range(half)])
    pairs = pairs * np.exp(1j * positions[..., None] * frequency)[..., None, :]
    return np.concatenate([pairs.real, pairs.imag, x[..., 2 * half :]], axis=-1)


@pytest.mark.parametrize("width", [6, 11, 1])
@pytest.mark.parametrize("rows", [False, True], ids=["together", "rows"])
def test_pairs_are_turned_by_their_position(width, rows):
    x = random(B, T, H, width)
    positions = np.random.default_rng(0).integers(0, 300, (B, T) if rows else (T,))
    found = array(rotated(x, positions.astype("int32"), 100.0))
    assert_close(found, turned(x, np.broadcast_to(positions, (B, T)), 100.0), SUMS)


def test_only_distances_count():
    layer, x = RotaryAttention(H, head_dim=K), random(B, T, D)
    layer(x)
    perturb(layer)
    here, there = (array(layer(x, positions=np.arange(T, dtype="int32") + first)) for first in (0, 57))
    assert_close(there, here, SUMS, size=10 * np.abs(here).max())
    assert np.abs(array(layer(x, positions=np.arange(T, dtype="int32") * 3)) - here).max() > 1e-3
