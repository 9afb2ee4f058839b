"""How segmentations of text are drawn in training."""

from dataclasses import dataclass
from typing import Annotated

from ..signature import Bounds, register


@register("section", "sampling")
@dataclass(frozen=True)
class Sampling:
    """How segmentations are drawn in training, anew in each epoch: a model sees words cut in many ways.

    Reference: Kudo 2018, https://arxiv.org/abs/1804.10959; Provilkov et al. 2020, https://arxiv.org/abs/1910.13267

    Args:
        alpha: Of `bpe`, the share of merges that are left out (BPE-dropout); of `unigram`, the exponent of
            probabilities: the smaller, the more alike all segmentations are.
        nbest: Of `unigram`, how many of the most probable segmentations are drawn from; none: all.
    """

    alpha: Annotated[float, Bounds(above=0, maximum=1)] = 0.1
    nbest: Annotated[int, Bounds(minimum=2)] | None = None
