"""The contract of initializations, which change the weights that layers have drawn."""

import abc
from typing import Any, Self

import keras

from ..annotations import Config

RANDOM = "random"


class Initialization(abc.ABC):
    """Changes the weights of a new model, once, before anything is trained or loaded (slot `initialization`).

    Whoever writes one fills `apply`, and `get_config` if it has parameters; it is registered with Keras
    (`keras.saving.register_keras_serializable`), since models are saved with the initialization they have.
    """

    @abc.abstractmethod
    def apply(self, model: keras.Model) -> None:
        """Change the new weights of a `Backbone`, built.

        Raises:
            RecipeError: The model is not of the kind that this is for.
        """

    def get_config(self) -> Config:
        """Return the parameters, as of a Keras object."""
        return {}

    @classmethod
    def from_config(cls, config: Config) -> Self:
        """Return the initialization with these parameters."""
        return cls(**config)


def initialized(model: keras.Model, initialization: Any) -> Any:
    """Apply what fills a model's parameter `initialization`, and return it.

    Args:
        model: The model, built.
        initialization: An `Initialization`; or `random`: each layer draws its own.
    """
    if initialization != RANDOM:
        initialization.apply(model)
    return initialization
