"""Initializers of projection kernels."""

import enum
from typing import Any, Literal

import keras


class Initializer(enum.StrEnum):
    """The distribution that kernels are drawn from."""

    GLOROT_UNIFORM = "glorot_uniform"
    """Uniform, as wide as fan-in and fan-out ask: Glorot and Bengio 2010, https://proceedings.mlr.press/v9/glorot10a"""

    TRUNCATED_NORMAL = "truncated_normal"
    """Normal, deviation 0.02, cut at two deviations: Devlin et al. 2018, https://arxiv.org/abs/1810.04805"""


InitializerName = Literal["glorot_uniform", "truncated_normal"]


def truncated_normal() -> Any:
    """Return BERT's initializer: normal with deviation 0.02, cut at two deviations."""
    return keras.initializers.TruncatedNormal(stddev=0.02)


def kernel_initializer(name: str) -> Any:
    """Return a new initializer of this name; one object serves one weight, for its seed is its own."""
    if Initializer(name) is Initializer.TRUNCATED_NORMAL:
        return truncated_normal()
    return keras.initializers.GlorotUniform()
