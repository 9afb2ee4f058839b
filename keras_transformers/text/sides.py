"""Two tokenizers: one for what a model reads, one for what it says."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import tensorflow as tf

from ..annotations import Tensor
from ..signature import Has, Need, OneOf, register
from ..signature import Tokenizer as TokenizerSlot
from .tokenizer import Tokenizer

OneSide = Annotated[TokenizerSlot, Has("writes", "one side")]


@register("tokenizer", "sides")
class Sides(Tokenizer):
    """One tokenizer a side, each trained on its own language.

    What reads one text alone, as `tokenize` does, takes the source's; what writes, as `detokenize` and `normalize` do,
    the target's. The files of each lie in a folder of its name.

    Args:
        source: Of what the model reads.
        target: Of what the model says.
    """

    gives = ()
    facts = {"writes": "both sides"}
    needs = (Need("model", Has("reads", ("source", "target"))), Need("model.tie", OneOf(("target", "none"))))

    def __init__(self, source: OneSide, target: OneSide) -> None:
        super().__init__(name="sides")
        self._source: Tokenizer = source
        self._target: Tokenizer = target

    @property
    def source(self) -> Tokenizer:
        return self._source

    @property
    def target(self) -> Tokenizer:
        return self._target

    def train(self, texts: Iterable[str], folder: Path) -> None:
        texts = list(texts)
        self.train_sides(texts, texts, folder)

    def train_sides(self, sources: Iterable[str], targets: Iterable[str], folder: Path) -> None:
        self.source.train(sources, Path(folder) / "source")
        self.target.train(targets, Path(folder) / "target")

    def load(self, folder: Path) -> None:
        self.source.load(Path(folder) / "source")
        self.target.load(Path(folder) / "target")

    @property
    def size(self) -> int:
        """The number of ids of the target."""
        return self.target.size

    def tokenize(self, texts: Tensor) -> tf.RaggedTensor:
        return self.source.tokenize(texts)

    def detokenize(self, ids: tf.RaggedTensor) -> Tensor:
        return self.target.detokenize(ids)

    def normalize(self, texts: Iterable[str]) -> list[str]:
        return self.target.normalize(texts)

    def pieces(self, ids: Iterable[int]) -> list[str]:
        return self.target.pieces(ids)

    def own_ids(self, ids: tf.RaggedTensor) -> tf.RaggedTensor:
        return self.source.own_ids(ids)
