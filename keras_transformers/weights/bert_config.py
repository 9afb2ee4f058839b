"""BERT's configuration file, whose keys Google chose and Hugging Face kept."""

from ..errors import CheckpointError
from .bert_sizes import Sizes
from .json_config import read_count, read_number, require_divisor
from .settings import shown

ACTIVATIONS = {
    "gelu": "gelu",
    "gelu_new": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
    "gelu_python": "gelu",
    "gelu_fast": "gelu_tanh",
    "relu": "relu",
    "silu": "silu",
    "swish": "silu",
    "tanh": "tanh",
    "linear": "linear",
}
"""Their names of activations, and ours; of several, the first is written."""

COUNTS = {
    "vocab_size": "vocab_size",
    "dim": "hidden_size",
    "layers": "num_hidden_layers",
    "heads": "num_attention_heads",
    "hidden_dim": "intermediate_size",
    "positions": "max_position_embeddings",
    "segments": "type_vocab_size",
}
NUMBERS = {
    "epsilon": "layer_norm_eps",
    "dropout": "hidden_dropout_prob",
    "attention_dropout": "attention_probs_dropout_prob",
}


def sizes_of(config, path):
    """Return the `Sizes` that a configuration says.

    Args:
        config: The dict.
        path: Its file, for messages.

    Raises:
        CheckpointError: A size is missing, or a setting is none that this library has.
    """
    counts = {ours: read_count(config, theirs, path) for ours, theirs in COUNTS.items()}
    require_divisor(config, COUNTS["heads"], COUNTS["dim"], path)
    width = config.get("embedding_size")
    if width not in (None, counts["dim"]):
        raise CheckpointError(
            f"{path}: `embedding_size` must be that of `{COUNTS['dim']}` ({counts['dim']}), but is {shown(width)}."
        )
    numbers = {ours: read_number(config, theirs, getattr(Sizes, ours), path) for ours, theirs in NUMBERS.items()}
    activation = config.get("hidden_act", "gelu")
    if not isinstance(activation, str) or activation not in ACTIVATIONS:
        known = ", ".join(ACTIVATIONS)
        raise CheckpointError(f"{path}: `hidden_act` must be one of {known}, but is {activation!r}.")
    return Sizes(**counts, **numbers, activation=ACTIVATIONS[activation])


def config_of(sizes):
    """Return the configuration that says these `Sizes`."""
    activation = next(theirs for theirs, ours in ACTIVATIONS.items() if ours == sizes.activation)
    counts = {theirs: getattr(sizes, ours) for ours, theirs in COUNTS.items()}
    numbers = {theirs: getattr(sizes, ours) for ours, theirs in NUMBERS.items()}
    return {**counts, **numbers, "hidden_act": activation}
