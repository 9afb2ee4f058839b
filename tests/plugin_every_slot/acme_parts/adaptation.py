from keras_transformers.signature import register
from keras_transformers.training.adaptation import Adaptation


@register("adaptation", "no_position_scale")
class NoPositionScale(Adaptation):
    """The scale of positions stays as it is."""

    def apply(self, model, optimizer):
        scales = [variable for variable in model.trainable_variables if variable.name == "position_scale"]
        for variable in scales:
            variable.trainable = False
        return [f"{len(scales)} scales of positions are kept as they are."]
