"""The sizes of a BERT, and the recipe they make."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sizes:
    """What tells one BERT from another.

    Args:
        vocab_size: Number of tokens.
        dim: Model width.
        layers: Number of encoder blocks.
        heads: Number of attention heads.
        hidden_dim: Width of the feed-forward network's inner layer.
        positions: Greatest length in tokens.
        segments: Number of segments.
        activation: Of the feed-forward network.
        epsilon: Of layer normalization.
        dropout: Rate on embeddings and sublayers.
        attention_dropout: Rate on attention weights.
    """

    vocab_size: int
    dim: int
    layers: int
    heads: int
    hidden_dim: int
    positions: int
    segments: int = 2
    activation: str = "gelu"
    epsilon: float = 1e-12
    dropout: float = 0.1
    attention_dropout: float = 0.1

    def model(self):
        """Return the section `model` of a recipe."""
        norm = {"type": "layer_norm", "epsilon": self.epsilon}
        normal = "truncated_normal"
        block = {
            "type": "encoder_block",
            "norm_order": "post",
            "norm": norm,
            "attention": {
                "type": "multi_head", "heads": self.heads, "dropout": self.attention_dropout, "initializer": normal,
            },
            "feed_forward": {
                "type": "mlp", "hidden_dim": self.hidden_dim, "activation": self.activation, "initializer": normal,
            },
            "dropout": self.dropout,
        }  # fmt: skip
        return {
            "type": "bert",
            "dim": self.dim,
            "embedding": {"type": "token"},
            "position": {"type": "learned", "max_length": self.positions},
            "norm": norm,
            "segments": self.segments,
            "dropout": self.dropout,
            "encoder": {"type": "encoder", "layers": self.layers, "block": block},
        }
