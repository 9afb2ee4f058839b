"""An initialization of BERT in which one attention head matches equal tokens across the two texts.

V vocabulary size, D model width, G number of segments, K head width, I = H·K inner width of attention.

Whether a text goes on from another shows in the words that both hold. Weights drawn by chance hide that. A token's
query meets its own key as much as that of an equal token elsewhere, so what it reads is the same, whether there
is one or not; and on little text, which words belong together is learnt by heart long before. Here coordinate 0
alone tells the two texts apart, with opposite signs. Queries and keys of one head are equal, so that equal tokens
attract each other, but for coordinate 0, in which they are opposite, so that a token turns away from its own
text, itself included.

Nothing of this is held fixed: it is where training begins. docs/decisions.md tells what it is worth. Of its kind:
Trockman and Kolter 2023, https://arxiv.org/abs/2305.09828, where queries and keys begin alike, too.
"""

import math

import keras
import numpy as np
from keras import ops

from ..annotations import Layer
from ..errors import RecipeError
from ..signature import Exactly, Has, Need, register
from .initialization import Initialization

DEVIATION = 0.06  # of token embeddings; positions keep BERT's 0.02, lest equal tokens at two places differ too much


@register("initialization", "matching")
@keras.saving.register_keras_serializable(package="keras_transformers")
class Matching(Initialization):
    """Equal tokens of two texts find each other at once: for pre-training on little text.

    One head of the first block begins by looking in the other text for what a text holds.
    """

    needs = (Need("model", Has("reads", "segments")), Need("model.segments", Exactly(2)))

    def apply(self, model: keras.Model) -> None:
        begin_matching(model.embed, model.encoder.blocks[0].attention)


def begin_matching(embed: Layer, attention: Layer) -> None:
    """Change new weights so that equal tokens of the two texts find each other.

    Args:
        embed: The embedding layer, built, with `embedding.table` (V, D) and the table of two segments, `table` (2, D).
        attention: Self-attention of the first block, built, with the kernels of `query` and `key` (D, I).

    Raises:
        RecipeError: The attention has no such kernels.
    """
    query, key = (getattr(getattr(attention, name, None), "kernel", None) for name in ("query", "key"))
    if query is None or key is None or query.shape != key.shape:
        raise RecipeError(
            "`model.initialization: matching` needs an attention with kernels `query` and `key` of one size, such as "
            f"`attention/multi_head`, not a {type(attention).__name__}."
        )
    dim, head = query.shape[0], query.shape[1] // attention.heads
    tokens = embed.embedding.table
    tokens.assign(tokens * (DEVIATION / ops.std(tokens)))
    embed.table.assign(opposite(dim, DEVIATION * math.sqrt(dim / 2)))
    key.assign(ops.concatenate([query[:, :head] * mirror(dim), key[:, head:]], axis=1))


def opposite(dim: int, size: float) -> np.ndarray:
    """Return two segments (2, D): `size` and its negative in coordinate 0, else 0."""
    table = np.zeros((2, dim), np.float32)
    table[:, 0] = size, -size
    return table


def mirror(dim: int) -> np.ndarray:
    """Return factors (D, 1) that turn the sign of coordinate 0."""
    return np.where(np.arange(dim) == 0, -1, 1).astype(np.float32)[:, None]
