"""The sections of a recipe: what may stand at its root, under `data` and under `training`.

They are components like any other (slot `section`), so that one grammar, read from these
signatures, validates a recipe, documents it and becomes its JSON Schema.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from ..signature import (
    Adaptation,
    AtLeast,
    Callback,
    Count,
    Fits,
    Fraction,
    Has,
    Model,
    Natural,
    Need,
    Optimizer,
    Path,
    Present,
    Schedule,
    Seed,
    Slot,
    Source,
    Strategy,
    Task,
    Tokenizer,
    register,
)

Examples = Annotated[Source, Fits("gives", to="task.reads")]
DataSection = Annotated[Any, Slot("section", default="data")]
TrainingSection = Annotated[Any, Slot("section", default="training")]


@register("section", "recipe")
@dataclass(frozen=True)
class Recipe:
    """One model that can be built, trained, evaluated, exported and served.

    Args:
        model: The network.
        summary: One line that says what the recipe trains.
        tokenizer: How text becomes ids and back.
        data: Where the text comes from and how it is batched.
        task: What the model learns to do: loss, search, metrics and serving signature.
        training: How `model.fit` is run.
        weights: Checkpoint to begin with: a run directory, a Hugging Face folder, a Google
            checkpoint or a KerasHub preset; its tokenizer is used, too.
        seed: Seed of initial weights, dropout and shuffling.
        requires: For each plugin scope that the recipe uses, the pip requirement that provides it.
    """

    model: Model
    summary: str = ""
    tokenizer: Annotated[Tokenizer, Present(when="task"), Present(when="data")] | None = None
    data: DataSection | None = None
    task: Task | None = None
    training: TrainingSection | None = None
    weights: Path | None = None
    seed: Seed = 0
    requires: dict[str, Any] | None = None


@register("section", "data")
@dataclass(frozen=True)
class Data:
    """Where the text comes from and how it is batched.

    Args:
        train: The training text.
        valid: Text scored after each epoch, to choose the best checkpoint.
        test: Held-out text for `keras-transformers evaluate`.
        root: Folder that the sources' relative paths start from; by default the working directory.
        batch_tokens: Tokens in a batch, padding included; of pairs, summed over source and target.
        max_length: Longest sequence in tokens; what is longer is dropped or cut, as the task says,
            and counted.
    """

    train: Examples
    valid: Examples | None = None
    test: Examples | None = None
    root: Path | None = None
    batch_tokens: Annotated[Count, AtLeast("max_length")] = 4096
    max_length: Count = 256


@register("section", "training")
@dataclass(frozen=True)
class Training:
    """How `model.fit` is run.

    Args:
        strategy: Devices: `auto`, `one`, `mirrored`, or another component.
        precision: Keras dtype policy of the computation; weights stay float32. `auto` takes what this machine is
            fastest with, which is measured on a CPU, and puts it into the run's recipe.
        epochs: Passes over the training text.
        optimizer: Rule that turns gradients into updates.
        schedule: Learning rate as a function of the step.
        average_last: Number of last epochs whose weights are averaged into the final model; all, if there are fewer.
        patience: Epochs without a better validation score after which training stops; none: never.
        freeze: Number of lowest blocks of the encoder that are kept as they are, the embeddings
            included; 0: the embeddings alone; all, if there are fewer; none: all is trained.
        layer_decay: Factor on the learning rate from each block to the one beneath it, and to the
            embeddings; none: one rate for all.
        adaptations: What else of the model is trained in another way, in this order.
        callbacks: What is done around steps and epochs, as in Keras; their logs are recorded.
    """

    needs = (Need("training.optimizer", Has("gives", "rate_scales", when="layer_decay")),)

    optimizer: Optimizer
    schedule: Schedule
    strategy: Strategy = "auto"
    precision: Literal["auto", "float32", "mixed_bfloat16"] = "auto"
    epochs: Count = 10
    average_last: Count = 1
    patience: Count | None = None
    freeze: Natural | None = None
    layer_decay: Fraction | None = None
    adaptations: list[Adaptation] | None = None
    callbacks: list[Callback] | None = None
