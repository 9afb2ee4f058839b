"""How near two ways of computing the same numbers must come, relative to the size of the numbers.

A float32 has 24 bits: each rounding is wrong by up to 6e-8 of the number. What two processors, two settings of
oneDNN, or two batch sizes compute differs, because sums are taken in another order and functions such as
exp are rounded elsewhere. The tolerances below leave room for that, some thirty times what was seen, and no more: a
mask, weight or axis that is wrong changes the numbers by a thousandth of their size at the least.

Tests of a module that uses one of these are marked `numeric`, and are run also as other processors compute:
`ONEDNN_MAX_CPU_ISA=AVX2 pytest -m numeric` and `TF_ENABLE_ONEDNN_OPTS=0 pytest -m numeric`.
"""

import numpy as np

ROUNDING = 4e-6
"""A few operations on each number, and sums of a few: 64 roundings. Seen: 1e-7."""

SUMS = 1e-5
"""A layer or block: sums of tens to hundreds of products, which may cancel, so that errors outgrow them. Seen: 4e-7."""

NETWORK = 3e-5
"""Several blocks in a row, each of which makes something of the errors of the one before. Seen: 1e-6."""

UPDATES = 1e-3
"""What optimizers add to weights: Adam divides by the root of 1 - 0.999, of whose 24 bits 14 are left."""

BFLOAT16 = 2**-7
"""Two roundings to the 8 bits of bfloat16."""


def assert_close(found, wanted, tolerance, size=None):
    """Assert that no number differs by more than `tolerance` times the greatest absolute value in `wanted`.

    Args:
        found: Array or tensor.
        wanted: The same, of the same shape, or a number.
        tolerance: One of the above.
        size: What counts for the greatest value instead, where numbers are small because larger ones cancel.
    """
    found, wanted = np.asarray(found), np.asarray(wanted)
    if size is None:
        size = float(np.max(np.abs(wanted), initial=0.0))
    np.testing.assert_allclose(found, wanted, rtol=0, atol=tolerance * size)
