import keras

from keras_transformers.signature import Positive, TrainingSteps, register


@register("schedule", "falling")
@keras.saving.register_keras_serializable(package="acme_parts")
class Falling(keras.optimizers.schedules.LearningRateSchedule):
    """A straight fall from a peak to zero.

    Args:
        peak: Rate of the first update.
        steps: Updates until zero; by default all of the training.
    """

    def __init__(self, peak: Positive = 0.001, steps: TrainingSteps | None = None):
        self.peak, self.steps = peak, steps

    def __call__(self, step):
        return self.peak * (1.0 - keras.ops.cast(step, "float32") / self.steps)

    def get_config(self):
        return {"peak": self.peak, "steps": self.steps}
