"""Builds the model of a training under its strategy and precision, with optimizer and initial weights."""

from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np

from ..data.batches.batching import Batches
from ..errors import RecipeError
from ..losses.loss import Loss, as_loss
from ..recipe.sections import Training
from ..registry.assemble import assemble, values
from ..runs.model import dtype_policy, new_model
from .adaptation import Adaptation
from .encoding import Encoded
from .fine_tuning import Freeze, LayerDecay
from .resuming import Start, updates_in_all
from .trainer import TokenModel

NEW = Start()
_GLANCES = 9  # steps at which the learning rate is looked at


@dataclass(frozen=True)
class Built:
    """A model that is ready to be fitted.

    Args:
        encoded: What it is fitted to.
        start: Where the training begins.
        settings: The section `training`, assembled.
        model: The task's model, which is kept.
        trainer: The same model, compiled, whose `fit` is called.
        notes: What is to be said of it, one sentence each.
    """

    encoded: Encoded
    start: Start
    settings: Training = field(repr=False)
    model: keras.Model = field(repr=False)
    trainer: TokenModel = field(repr=False)
    notes: tuple[str, ...] = ()


def build(encoded: Encoded, start: Start = NEW) -> Built:
    """Return the `Built` of an `Encoded`.

    Where the training goes on from a saved state, the weights stay those of a new model; `fit` restores them.

    Args:
        encoded: The `Encoded`.
        start: Where the training begins.

    Raises:
        RecipeError: The parts of the recipe do not fit.
        CheckpointError: The weights to begin with do not fit the model.
    """
    tree, task = encoded.recipe.tree, encoded.task
    section = tree["training"]
    updates = updates_in_all(start.place, section["epochs"], encoded.train.batches)
    loss = as_loss(task.loss())
    notes = []
    strategy = assemble("strategy", section["strategy"], at="training.strategy").make()
    with strategy.scope():
        model = new_model(encoded.recipe)
        with dtype_policy(section["precision"]):
            trainer = TokenModel(inputs=model.input, outputs=model.output)
        settings = assemble("section", section, {**values(tree), "training.steps": updates})
        notes += _rising_to_the_end(settings.schedule, updates, section["schedule"]["type"])
        optimizer = settings.optimizer
        optimizer.learning_rate = settings.schedule
        for adaptation in _adaptations(settings):
            notes += adaptation.apply(model, optimizer)
        if not model.trainable_variables:
            raise RecipeError("Nothing is left to be trained: `training.freeze` or `training.adaptations` keep it all.")
        measures = _measures(loss, model, encoded.train)
        trainer.compile(optimizer=optimizer, loss=loss, measures=measures, count_tokens=encoded.train.real_tokens)
        optimizer.build(model.trainable_variables)
    if tree.get("weights") is not None and start.saved is None:
        from ..weights import load_into

        notes += load_into(model, tree["weights"], tree["task"])
    return Built(encoded, start, settings, model, trainer, tuple(notes))


def _adaptations(settings: Training) -> list[Adaptation]:
    """Return what of the model is trained in another way: what has a setting of its own, then the others."""
    frozen = [] if settings.freeze is None else [Freeze(settings.freeze)]
    decayed = [] if settings.layer_decay is None else [LayerDecay(settings.layer_decay)]
    return [*frozen, *decayed, *(settings.adaptations or ())]


def _measures(loss: Loss, model: keras.Model, batches: Batches) -> tuple[str, ...]:
    """Return the names of what the loss measures, learnt from one example."""
    inputs, labels = batches.sample()
    return tuple(loss.measures(labels, model(inputs, training=False)))


def _rising_to_the_end(schedule: Any, updates: int, name: str) -> list[str]:
    """Return a note if the learning rate only rises: its warm-up is longer than the training."""
    steps = np.unique(np.linspace(0, updates - 1, _GLANCES).astype(int))
    rates = [float(schedule(int(step))) for step in steps]
    if len(rates) < 2 or np.any(np.diff(rates) <= 0):
        return []
    return [
        f"The learning rate of `schedule/{name}` rises to the end of the training, {updates:,} updates, where it is "
        f"{rates[-1]:.2g}: its warm-up is not over by then."
    ]
