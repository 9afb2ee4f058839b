import math

import pytest
import tensorflow as tf

import keras_transformers as kt
from keras_transformers.training import precision
from keras_transformers.training.examples import Examples, settle_precision


@pytest.fixture
def measured(monkeypatch):
    """Return a function that sets what a CPU's products are measured to take, in GFLOP/s."""
    monkeypatch.setattr(tf.config, "get_visible_devices", lambda kind: [])

    def arrange(single, half):
        speeds = {"float32": single * 1e9, "bfloat16": half * 1e9}
        monkeypatch.setattr(precision, "product_speeds", lambda: speeds)

    return arrange


@pytest.mark.parametrize(
    ("single", "half", "wanted"),
    [(260, 160, "float32"), (200, 500, "mixed_bfloat16"), (200, 240, "float32"), (200, 251, "mixed_bfloat16")],
)
def test_a_cpu_takes_what_is_measured_faster(measured, single, half, wanted):
    measured(single, half)
    assert precision.fastest_precision() == (
        wanted,
        f"`training.precision` is {wanted}: here a product takes {single} GFLOP/s in float32, {half} in bfloat16.",
    )


@pytest.mark.parametrize(
    ("devices", "wanted", "why"),
    [
        ([("A100", (8, 0))], "mixed_bfloat16", "`training.precision` is mixed_bfloat16, which A100 is built for."),
        ([("H100", (9, 0))] * 2, "mixed_bfloat16", "`training.precision` is mixed_bfloat16, which H100 is built for."),
        ([("V100", (7, 0))], "float32", "`training.precision` is float32: V100 is not built for bfloat16."),
        ([("A100", (8, 0)), ("V100", (7, 0))], "float32",
         "`training.precision` is float32: A100, V100 is not built for bfloat16."),
        ([(None, None)], "float32",
         "`training.precision` is float32: a GPU of an unknown kind is not built for bfloat16."),
    ],
)  # fmt: skip
def test_a_gpu_takes_what_it_is_built_for(monkeypatch, devices, wanted, why):
    details = [{"device_name": name, "compute_capability": able} if name else {} for name, able in devices]
    monkeypatch.setattr(tf.config, "get_visible_devices", lambda kind: range(len(details)))
    monkeypatch.setattr(tf.config.experimental, "get_device_details", lambda gpu: details[gpu])
    assert precision.fastest_precision() == (wanted, why)


def test_both_products_are_measured():
    speeds = precision.product_speeds(seconds=0)
    assert set(speeds) == {"float32", "bfloat16"}
    assert all(math.isfinite(speed) and speed > 0 for speed in speeds.values())


def test_the_choice_is_put_into_the_recipe_and_not_made_again():
    examples = Examples(kt.load_recipe("dates"), None, None, None, None, notes=("one",))
    assert examples.recipe.tree["training"]["precision"] == "auto"
    settled = settle_precision(examples, choose=lambda: ("mixed_bfloat16", "two"))
    assert settled.recipe.tree["training"]["precision"] == "mixed_bfloat16"
    assert settled.notes == ("one", "two")
    assert examples.notes == ("one",)

    def again():
        raise AssertionError("chosen again")

    assert settle_precision(settled, choose=again) is settled


def test_where_onednn_is_limited_bfloat16_is_not_tried(monkeypatch):
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "avx2")
    monkeypatch.setattr(precision, "product_speeds", lambda: pytest.fail("bfloat16 was tried"))
    name, why = precision.fastest_precision()
    assert name == "float32"
    assert why.startswith("`training.precision` is float32: ONEDNN_MAX_CPU_ISA is AVX2, ")
