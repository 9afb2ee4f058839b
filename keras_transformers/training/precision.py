"""`training.precision: auto`: the dtype policy that this machine computes fastest with."""

import os
import time
from typing import Any

import numpy as np
import tensorflow as tf

_SHAPE = 1024, 512, 1024  # rows, inputs, outputs: a feed-forward layer of a small model, 1.07 GFLOP
_SECONDS = 0.2
_GAIN = 1.25  # by how much bfloat16 must be faster, for its weights are also cast, and its sums are less exact
_WITH_BFLOAT16 = {"DEFAULT", "ALL", "AVX512_CORE_BF16", "AVX512_CORE_FP16", "AVX512_CORE_AMX", "AVX10_1_512_AMX"}
_AMPERE = 8, 0  # the first compute capability of NVIDIA's with products in bfloat16


def fastest_precision() -> tuple[str, str]:
    """Return `float32` or `mixed_bfloat16`, and a sentence on why.

    A GPU is asked what it is built for; on a CPU one product is measured in both.
    """
    gpus = tf.config.get_visible_devices("GPU")
    if gpus:
        return _of_gpus(gpus)
    limit = os.environ.get("ONEDNN_MAX_CPU_ISA", "").upper()
    if limit and limit not in _WITH_BFLOAT16:
        why = f"ONEDNN_MAX_CPU_ISA is {limit}, with which TensorFlow's products in bfloat16 may end the process"
        return "float32", f"`training.precision` is float32: {why}."
    return _of_cpu(product_speeds())


def _of_gpus(gpus: list[Any]) -> tuple[str, str]:
    details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
    names = ", ".join(sorted({detail.get("device_name", "a GPU of an unknown kind") for detail in details}))
    if all(detail.get("compute_capability", (0, 0)) >= _AMPERE for detail in details):
        return "mixed_bfloat16", f"`training.precision` is mixed_bfloat16, which {names} is built for."
    return "float32", f"`training.precision` is float32: {names} is not built for bfloat16."


def _of_cpu(speeds: dict[str, float]) -> tuple[str, str]:
    single, half = speeds["float32"] / 1e9, speeds["bfloat16"] / 1e9
    measured = f"here a product takes {single:,.0f} GFLOP/s in float32, {half:,.0f} in bfloat16"
    precision = "mixed_bfloat16" if half > _GAIN * single else "float32"
    return precision, f"`training.precision` is {precision}: {measured}."


def product_speeds(seconds: float = _SECONDS) -> dict[str, float]:
    """Return the speed of one matrix product on the CPU in float32 and in bfloat16, in FLOP/s, by name.

    They are taken in turns, and the best of each counts, so that another program's work does not decide.

    Args:
        seconds: How long to measure, unless one product of each takes longer.
    """
    rows, inputs, outputs = _SHAPE
    draw = np.random.default_rng(0)
    a, b = draw.normal(size=(rows, inputs)), draw.normal(size=(inputs, outputs))
    with tf.device("CPU:0"):
        factors = {name: (tf.cast(a, name), tf.cast(b, name)) for name in ("float32", "bfloat16")}
        for pair in factors.values():
            _product(*pair)  # traces it, and prepares the kernel
        best, end = dict.fromkeys(factors, float("inf")), time.perf_counter() + seconds
        while max(best.values()) == float("inf") or time.perf_counter() < end:
            for name, pair in factors.items():
                start = time.perf_counter()
                _product(*pair)
                best[name] = min(best[name], time.perf_counter() - start)
    return {name: 2 * rows * inputs * outputs / spent for name, spent in best.items()}


_product = tf.function(tf.linalg.matmul, autograph=False)
