"""BERT's pre-training heads: masked language model and next sentence.

B batch, T length, P masked positions, D model width, V vocabulary size.
"""

from typing import Any, Self

import keras
from keras import ops

from ...annotations import Config, Layer, Shape, Tensor
from ...layers.compose import build_once, revive
from ...layers.initializer import truncated_normal
from ...layers.linear import Linear
from ...layers.masks import MaskedLayer
from ...layers.norms import LayerNorm
from ..backbone import freeze_unread


@keras.saving.register_keras_serializable(package="keras_transformers")
class MaskedLM(keras.Model):
    """An encoder that says which tokens are hidden and, if asked, whether the second text follows the first.

    Inputs, by name: those of the encoder, `tokens` and `segments` (B, T), and `positions` (B, P)
    int32, the places to say something of. Outputs, by name: `masked`, float32 logits (B, P, V) of the tokens
    at these places, and `next`, float32 logits (B, 2): 0, it follows; 1, it is another text.

    Reference: Devlin et al. 2018, section 3.1, https://arxiv.org/abs/1810.04805

    Args:
        backbone: A `Bert`.
        next_sentence: Whether there is the output `next`.
    """

    def __init__(self, backbone: Any, next_sentence: bool = True, **kwargs: Any) -> None:
        positions = keras.Input((None,), dtype="int32", name="positions")
        states = backbone(backbone.input)
        head = MaskedTokens(backbone.embed.embedding, name="masked_tokens")
        outputs = {"masked": head(states["sequence"], positions)}
        if next_sentence:
            judge = Linear(2, kernel_initializer=truncated_normal(), dtype="float32", name="next_sentence")
            outputs["next"] = judge(states["pooled"])
        super().__init__(inputs={**backbone.input, "positions": positions}, outputs=outputs, **kwargs)
        self.backbone = backbone
        self.next_sentence = next_sentence

    def get_config(self) -> Config:
        backbone = keras.saving.serialize_keras_object(self.backbone)
        return {"name": self.name, "backbone": backbone, "next_sentence": self.next_sentence}

    @classmethod
    def from_config(cls, config: Config, custom_objects: Any = None) -> Self:
        model = cls(**{**config, "backbone": revive(config["backbone"])})
        freeze_unread(model)
        return model


class MaskedTokens(MaskedLayer):
    """Dense, GELU, normalization, then the products with every embedding, plus a bias; at some positions only."""

    def __init__(self, embedding: Layer, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.embedding = embedding
        dim = embedding.dim
        gelu = {"activation": "gelu", "kernel_initializer": truncated_normal()}
        self.transform = Linear(dim, dtype=self.dtype_policy, name="transform", **gelu)
        self.norm = LayerNorm(epsilon=1e-12, dtype=self.dtype_policy, name="norm")

    def build(self, sequence_shape: Shape, positions_shape: Shape) -> None:
        shape = (*positions_shape, sequence_shape[-1])
        build_once(self.transform, shape)
        build_once(self.norm, shape)
        self.bias = self.add_weight(name="bias", shape=(self.embedding.vocab_size,), initializer="zeros")

    def call(self, sequence: Tensor, positions: Tensor) -> Tensor:
        """Map states (B, T, D) and positions (B, P) to float32 logits (B, P, V)."""
        states = self.norm(self.transform(gathered(sequence, positions)))
        return self.embedding.logits(states) + ops.cast(self.bias, "float32")

    def compute_output_spec(self, sequence: Tensor, positions: Tensor) -> Any:
        shape = self.compute_output_shape(sequence.shape, positions.shape)
        return keras.KerasTensor(shape, dtype="float32")

    def compute_mask(self, inputs: Any, previous_mask: Tensor | None = None) -> Any:
        return None

    def compute_output_shape(self, sequence_shape: Shape, positions_shape: Shape) -> Any:
        return (*positions_shape, self.embedding.vocab_size)


def gathered(sequence: Tensor, positions: Tensor) -> Tensor:
    """Return the states of a sequence (B, T, D) at `positions` (B, P), as (B, P, D)."""
    batch, length, dim = ops.shape(sequence)
    rows = ops.expand_dims(ops.arange(batch, dtype=positions.dtype) * length, 1)
    return ops.take(ops.reshape(sequence, (-1, dim)), rows + positions, axis=0)
