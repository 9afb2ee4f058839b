"""Base class of encoder and decoder blocks: injected sublayers, each wrapped in a residual connection."""

from collections.abc import Mapping
from typing import Any, Self

import keras

from ..annotations import Config, Layer, Shape
from .compose import build_once, clone, keep, revive
from .masks import MaskedLayer
from .norms import LayerNorm
from .residual import NormOrder, Residual


class Block(MaskedLayer):
    """Abstract: a block that owns the layers named in `sublayers`, wrapping each in `Residual`.

    Subclasses name their injected layers in `sublayers`, in the order of computation, and write
    `call`. Construction, building and serialization are here. A sublayer that is None is left out.
    """

    sublayers: tuple[str, ...] = ()

    def __init__(
        self, sublayers: Mapping[str, Layer], norm_order: str, dropout: float, norm: Layer | None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.norm_order = NormOrder(norm_order)
        self.dropout = dropout
        keep(self, "norm", norm if norm is not None else LayerNorm(dtype=self.dtype_policy))
        self.parts = tuple(name for name in self.sublayers if sublayers[name] is not None)
        for name in self.sublayers:  # in this order checkpoints of a training hold their variables
            setattr(self, name, sublayers[name])
            if name in self.parts:
                residual = Residual(clone(self.norm), self.norm_order, dropout, dtype=self.dtype_policy)
                setattr(self, f"{name}_residual", residual)

    def build(self, input_shape: Shape, *_: Any) -> None:
        for name in self.parts:
            build_once(getattr(self, name), input_shape)
            build_once(getattr(self, f"{name}_residual"), input_shape)

    def compute_output_shape(self, input_shape: Shape, *_: Any) -> Shape:
        return tuple(input_shape)

    def get_config(self) -> Config:
        serialize = keras.saving.serialize_keras_object
        return {
            **super().get_config(),
            **{name: serialize(getattr(self, name)) for name in self.sublayers},
            "norm_order": str(self.norm_order),
            "dropout": self.dropout,
            "norm": serialize(self.norm),
        }

    @classmethod
    def from_config(cls, config: Config) -> Self:
        layers = {name: revive(config[name]) for name in (*cls.sublayers, "norm") if name in config}
        return cls(**{**config, **layers})
