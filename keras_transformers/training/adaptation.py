"""The contract of adaptations: which weights are trained, and at what rate."""

import abc

import keras


class Adaptation(abc.ABC):
    """Changes a model before it is fitted: weights that stay as they are, or learn more slowly (slot `adaptation`).

    Whoever writes one fills `apply`. Those of a recipe are applied in their order, before the optimizer is built and
    before weights of a checkpoint are loaded.
    """

    @abc.abstractmethod
    def apply(self, model: keras.Model, optimizer: keras.optimizers.Optimizer) -> list[str]:
        """Change the model, or how the optimizer treats its variables.

        Args:
            model: The task's model, built.
            optimizer: Not built.

        Returns:
            A list of sentences for the user.

        Raises:
            RecipeError: They are not of the kind that this is for.
        """
