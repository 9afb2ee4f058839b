import keras
import numpy as np
import pytest
from close import ROUNDING

from keras_transformers.training.schedules import Constant, Noam, WarmupCosine, WarmupLinear


def rates(schedule, *steps):
    """Return the rates of updates number `steps`, counted from 1 as in the papers."""
    return [float(schedule(step - 1)) for step in steps]


def test_noam_is_the_papers_formula():
    schedule = Noam(warmup=4000, scale=2.0, dim=512)
    steps = (1, 1000, 4000, 16000, 100000)
    wanted = [2.0 * 512**-0.5 * min(step**-0.5, step * 4000**-1.5) for step in steps]
    np.testing.assert_allclose(rates(schedule, *steps), wanted, rtol=ROUNDING)
    assert max(rates(schedule, *range(3900, 4100, 20), 4000)) == rates(schedule, 4000)[0]


def test_warmup_cosine_rises_to_its_peak_and_falls_to_zero():
    schedule = WarmupCosine(peak=0.3, steps=110, warmup=10)
    np.testing.assert_allclose(rates(schedule, 1, 5, 10, 60), [0.03, 0.15, 0.3, 0.15], rtol=ROUNDING)
    np.testing.assert_allclose(rates(schedule, 110, 500), [0.0, 0.0], atol=ROUNDING * 0.3)


@pytest.mark.parametrize("warmup", [10, 0.1])
def test_warmup_linear_rises_to_its_peak_and_falls_to_zero(warmup):
    schedule = WarmupLinear(peak=0.3, steps=100, warmup=warmup)
    np.testing.assert_allclose(rates(schedule, 1, 5, 10, 55), [0.03, 0.15, 0.3, 0.15], rtol=ROUNDING)
    np.testing.assert_allclose(rates(schedule, 100, 500), [0.0, 0.0], atol=ROUNDING * 0.3)


def test_warmup_linear_needs_no_warmup_but_an_end():
    np.testing.assert_allclose(rates(WarmupLinear(peak=0.5, steps=10, warmup=0), 1, 6), [0.45, 0.2], rtol=ROUNDING)
    with pytest.raises(ValueError, match="`steps` must be given"):
        WarmupLinear(peak=0.5)(0)


def test_constant():
    assert rates(Constant(0.25), 1, 1000) == [0.25, 0.25]


@pytest.mark.parametrize(
    "schedule",
    [
        Noam(warmup=7, scale=3.0, dim=11),
        WarmupCosine(peak=0.3, steps=110, warmup=10),
        WarmupLinear(peak=0.3, steps=110, warmup=0.1),
        Constant(0.25),
    ],
    ids=lambda schedule: type(schedule).__name__,
)
def test_they_survive_saving(schedule):
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(schedule))
    assert type(again) is type(schedule)
    assert again.get_config() == schedule.get_config()
    assert rates(again, 1, 13) == rates(schedule, 1, 13)
