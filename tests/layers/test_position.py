import math

import numpy as np
import pytest
from close import BFLOAT16, ROUNDING, SUMS, assert_close
from harness import B, D, T, array, random

from keras_transformers.layers import LearnedPosition, SinusoidalPosition, sinusoids
from keras_transformers.runs.model import dtype_policy


def test_sinusoids_are_those_of_the_paper():
    table = array(sinusoids(np.arange(T), D))
    assert table.shape == (T, D)
    for position in range(T):
        for i in range(D // 2):
            angle = position / 10_000 ** (2 * i / D)
            assert table[position, 2 * i] == pytest.approx(math.sin(angle), abs=ROUNDING)
            assert table[position, 2 * i + 1] == pytest.approx(math.cos(angle), abs=ROUNDING)


@pytest.mark.parametrize("first", [0, 1, 2])
@pytest.mark.parametrize("endpoint", [False, True])
def test_halves_are_all_sines_then_all_cosines(first, endpoint):
    layer = SinusoidalPosition(layout="halves", first=first, endpoint=endpoint)
    table = array(layer(np.zeros((1, T, D), "float32")))[0]
    half = D // 2
    for position in range(T):
        for i in range(half):
            angle = (position + first) / 10_000 ** (i / (half - 1) if endpoint else i / half)
            assert table[position, i] == pytest.approx(math.sin(angle), abs=ROUNDING)
            assert table[position, half + i] == pytest.approx(math.cos(angle), abs=ROUNDING)


def test_interleaved_positions_may_be_counted_from_1():
    layer = SinusoidalPosition(first=1)
    zeros = np.zeros((1, T, D), "float32")
    assert_close(array(layer(zeros))[0], array(sinusoids(np.arange(1, T + 1), D)), ROUNDING)
    assert_close(array(layer(zeros, np.arange(3, 3 + T)))[0], array(sinusoids(np.arange(4, 4 + T), D)), ROUNDING)


def test_a_step_is_the_same_rotation_anywhere():
    first, later = (array(sinusoids(np.array([start, start + 7]), D)) for start in (0, 1009))
    # Angles of up to 1016 are 6e-5 wrong in float32, whatever the processor.
    assert_close((later[0] * later[1]).sum(), (first[0] * first[1]).sum(), 1e-3)


def test_far_positions_stay_apart_in_bfloat16():
    with dtype_policy("mixed_bfloat16"):
        layer = SinusoidalPosition()
    zeros = np.zeros((1, 2, D), "float32")
    far = array(layer(zeros, np.array([256, 257])))[0]
    assert_close(far, array(sinusoids(np.array([256, 257]), D)), BFLOAT16)
    assert np.abs(far[0] - far[1]).max() > 0.5


@pytest.mark.parametrize("layer", [SinusoidalPosition(), LearnedPosition(23)], ids=["sinusoidal", "learned"])
def test_positions_may_start_anywhere(layer):
    x = random(B, T, D)
    whole = array(layer(x, np.arange(T)))
    assert_close(array(layer(x[:, 2:], np.arange(2, T))), whole[:, 2:], ROUNDING)
    assert np.abs(array(layer(x, np.arange(1, T + 1))) - whole).max() > 1e-3


@pytest.mark.parametrize("layer", [SinusoidalPosition(), LearnedPosition(23)], ids=["sinusoidal", "learned"])
def test_rows_may_stand_at_positions_of_their_own(layer):
    x, positions = random(B, T, D), np.array([np.arange(T), np.arange(T) + 11, [0, 1, 0, 1, 2]])
    outputs = array(layer(x, positions))
    for row in range(B):
        assert_close(outputs[row], array(layer(x[row : row + 1], positions[row]))[0], SUMS)


@pytest.mark.parametrize("layer", [SinusoidalPosition(), LearnedPosition(23)], ids=["sinusoidal", "learned"])
def test_positions_that_are_left_out_count_from_0(layer):
    x = random(B, T, D)
    np.testing.assert_array_equal(array(layer(x)), array(layer(x, np.arange(T))))


def test_sinusoids_need_an_even_width():
    with pytest.raises(ValueError, match=r"Sinusoidal positions need an even width, but `dim` is 13\."):
        SinusoidalPosition()(random(B, T, 13), np.arange(T))


def test_positions_past_the_last_learned_one_take_the_last():
    layer = LearnedPosition(max_length=3)
    outputs = array(layer(np.zeros((1, T, D), "float32"), np.arange(T)))[0]
    table = array(layer.table.value)
    assert table.shape == (3, D)
    np.testing.assert_array_equal(outputs, table[[0, 1, 2, 2, 2]])
