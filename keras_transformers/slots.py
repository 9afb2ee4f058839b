"""Every slot of a recipe, the class that its components inherit, and what they must do. Light: names only.

A component is recognised by its class. One that does not inherit the class of its slot, such as those written for
version 0.1, is taken for one if it has the methods that the contract names.
"""

from dataclasses import dataclass

LAYER = "keras.layers:Layer"


@dataclass(frozen=True)
class Contract:
    """What the components of a slot keep to.

    Args:
        slot: As in recipes.
        base: The class that they inherit, as `package.module:Class`.
        does: What one does, in a line.
        methods: What one that does not inherit `base` must have; of a class of Keras's, what it leaves to be written.
    """

    slot: str
    base: str
    does: str
    methods: tuple[str, ...] = ()


CONTRACTS = (
    # The model, from the outside in
    Contract("model", "keras_transformers.models.backbone:Backbone", "a Keras model of `embed` and `encoder`"),
    Contract("embedding", LAYER, "`call(ids)`: ids (B, T) to vectors (B, T, D); `logits(x)` back", ("call",)),
    Contract("position", LAYER, "`call(inputs, positions)`: adds what tells positions apart to (B, T, D)", ("call",)),
    Contract("encoder", LAYER, "`call(x, mask)`: a stack of `blocks` over (B, T, D)", ("call",)),
    Contract("decoder", LAYER, "`call(x, memory, mask, memory_mask)`: a stack that also decodes in steps", ("call",)),
    Contract("encoder_block", LAYER, "`call(x, mask)`: (B, T, D) to the same shape", ("call",)),
    Contract("decoder_block", LAYER, "`call(x, memory, mask, memory_mask)`: (B, T, D) to the same shape", ("call",)),
    Contract("attention", LAYER, "`call(query, source, mask)`: contexts (B, T, D) from (B, S, D)", ("call",)),
    Contract("alignment", LAYER, "`call(query, source, mask, keys)`: contexts (B, T, D) from (B, S, D)", ("call",)),
    Contract("feed_forward", LAYER, "`call(x)`: (B, T, D) to the same shape, each position by itself", ("call",)),
    Contract("norm", LAYER, "`call(x)`: (B, T, D) to the same shape, normalized", ("call",)),
    Contract(
        "initialization", "keras_transformers.models.initialization:Initialization",
        "`apply(model)`: changes the weights of a new model", ("apply",),
    ),
    # From text to numbers and back
    Contract(
        "tokenizer", "keras_transformers.text.tokenizer:Tokenizer", "text to ids and back, in the graph",
        ("train", "load", "size", "tokenize", "detokenize"),
    ),
    Contract("source", "keras_transformers.data.sources.source:Source", "`read(root)`: the examples", ("read",)),
    Contract(
        "task", "keras_transformers.tasks.task:Task", "what a model learns to do: head, loss, batches, answers, scores",
        ("texts", "model", "loss", "encode", "serving", "score"),
    ),
    Contract(
        "checkpoint_format", "keras_transformers.weights.checkpoint_format:CheckpointFormat",
        "a model that others stored: `recognizes(source)`, a recipe of it, its tensors by name",
        ("recognizes", "recipe", "write_tokenizer", "tensors", "read", "name_of", "in_backbone"),
    ),
    Contract(
        "search", "keras_transformers.decoding.search:Search", "finds what a model says, step by step", ("__call__",)
    ),
    Contract("metric", "keras_transformers.metrics.metric:Metric", "`(outputs, references)`: scores", ("__call__",)),
    # Training
    Contract(
        "loss", "keras_transformers.losses.loss:Loss", "`call(labels, outputs)`: the loss of each item", ("totals",)
    ),
    Contract(
        "optimizer", "keras.optimizers:Optimizer", "`update_step(gradient, variable, learning_rate)`", ("update_step",)
    ),
    Contract(
        "schedule", "keras.optimizers.schedules:LearningRateSchedule", "`(step)`: the learning rate",
        ("__call__", "get_config"),
    ),
    Contract("strategy", "keras_transformers.training.strategy:Strategy", "`make()`: a `tf.distribute` one", ("make",)),
    Contract(
        "adaptation", "keras_transformers.training.adaptation:Adaptation",
        "`apply(model, optimizer)`: what of a model is trained, and how much", ("apply",),
    ),
    Contract("callback", "keras.callbacks:Callback", "what is done around steps and epochs, as in Keras"),
)  # fmt: skip
"""In the order in which a recipe is read; a slot that is not here is a plugin's own."""

PREDICTOR = Contract(
    "predictor", "keras_transformers.predictors.predictor:Predictor",
    "`__call__(texts)`: strings in, answers out, in the graph: what is exported", ("__call__",),
)  # fmt: skip
"""What the `serving` of a task gives; no recipe names it, since it is made of the model and the tokenizer."""


def contract(slot: str) -> Contract | None:
    """Return the contract of a slot, or None of a plugin's own."""
    return next((entry for entry in CONTRACTS if entry.slot == slot), None)
