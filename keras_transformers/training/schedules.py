"""Learning rates as functions of the step (slot `schedule`)."""

from typing import Annotated, Any

import keras
from keras import ops

from ..annotations import Config, Tensor
from ..signature import Bounds, Count, ModelDim, Positive, TrainingSteps, register

NonNegative = Annotated[float, Bounds(minimum=0)]


@register("schedule", "noam")
@keras.saving.register_keras_serializable(package="keras_transformers")
class Noam(keras.optimizers.schedules.LearningRateSchedule):
    """scale · dim^−0.5 · min(step^−0.5, step · warmup^−1.5).

    Reference: Vaswani et al. 2017, section 5.3, https://arxiv.org/abs/1706.03762

    Args:
        warmup: Steps during which the rate rises.
        scale: Factor on the paper's rate.
        dim: Width in the formula; by default the model's.
    """

    def __init__(self, warmup: Count = 4000, scale: Positive = 1.0, dim: ModelDim | None = None) -> None:
        self.warmup = warmup
        self.scale = scale
        self.dim: Any = dim  # a number, given here or by the recipe's model

    def __call__(self, step: int | Tensor) -> Tensor:
        """Return the rate of the update after `step` others, float32."""
        step = ops.cast(step, "float32") + 1.0
        rise = step * self.warmup**-1.5
        return self.scale * self.dim**-0.5 * ops.minimum(ops.rsqrt(step), rise)

    def get_config(self) -> Config:
        return {"warmup": self.warmup, "scale": self.scale, "dim": self.dim}


@register("schedule", "warmup_cosine")
@keras.saving.register_keras_serializable(package="keras_transformers")
class WarmupCosine(keras.optimizers.schedules.LearningRateSchedule):
    """A linear rise to a peak, then half a cosine down to zero.

    Reference: Loshchilov and Hutter 2017, https://arxiv.org/abs/1608.03983

    Args:
        peak: Highest rate.
        warmup: Steps during which the rate rises.
        steps: Step at which the rate reaches zero; by default the last of the training.
    """

    def __init__(self, peak: Positive, warmup: Count = 1000, steps: TrainingSteps | None = None) -> None:
        self.peak = peak
        self.steps = steps
        self.warmup = warmup

    def __call__(self, step: int | Tensor) -> Tensor:
        """Return the rate of the update after `step` others, float32.

        Raises:
            ValueError: `steps` was left out, and no training has settled it.
        """
        if self.steps is None:
            raise ValueError("`steps` must be given where no recipe's training settles it.")
        step = ops.cast(step, "float32") + 1.0
        rise = step / self.warmup
        done = (step - self.warmup) / max(self.steps - self.warmup, 1)
        fall = 0.5 * (1.0 + ops.cos(3.141592653589793 * ops.clip(done, 0.0, 1.0)))
        return self.peak * ops.where(step < self.warmup, rise, fall)

    def get_config(self) -> Config:
        return {"peak": self.peak, "steps": self.steps, "warmup": self.warmup}


@register("schedule", "warmup_linear")
@keras.saving.register_keras_serializable(package="keras_transformers")
class WarmupLinear(keras.optimizers.schedules.LearningRateSchedule):
    """A linear rise to a peak, then a linear fall to zero.

    Reference: Devlin et al. 2019, appendix A.2, https://arxiv.org/abs/1810.04805

    Args:
        peak: Highest rate.
        warmup: Steps during which the rate rises; below 1, that share of all steps.
        steps: Step at which the rate reaches zero; by default the last of the training.
    """

    def __init__(self, peak: Positive, warmup: NonNegative = 0.1, steps: TrainingSteps | None = None) -> None:
        self.peak = peak
        self.warmup = warmup
        self.steps = steps

    def __call__(self, step: int | Tensor) -> Tensor:
        """Return the rate of the update after `step` others, float32.

        Raises:
            ValueError: `steps` was left out, and no training has settled it.
        """
        if self.steps is None:
            raise ValueError("`steps` must be given where no recipe's training settles it.")
        warmup = self.warmup * self.steps if self.warmup < 1 else self.warmup
        step = ops.cast(step, "float32") + 1.0
        rise = step / max(warmup, 1.0)
        fall = (self.steps - step) / max(self.steps - warmup, 1.0)
        return self.peak * ops.where(step < warmup, rise, ops.clip(fall, 0.0, 1.0))

    def get_config(self) -> Config:
        return {"peak": self.peak, "warmup": self.warmup, "steps": self.steps}


@register("schedule", "constant")
@keras.saving.register_keras_serializable(package="keras_transformers")
class Constant(keras.optimizers.schedules.LearningRateSchedule):
    """The same rate at every step.

    Args:
        rate: Learning rate.
    """

    def __init__(self, rate: Positive) -> None:
        self.rate = rate

    def __call__(self, step: int | Tensor) -> Tensor:
        return ops.convert_to_tensor(self.rate, "float32")

    def get_config(self) -> Config:
        return {"rate": self.rate}
