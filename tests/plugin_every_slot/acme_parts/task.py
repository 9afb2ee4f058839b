import tensorflow as tf

from keras_transformers.predictors.predictor import Predictor
from keras_transformers.signature import register
from keras_transformers.tasks import Translation


class Shouter(Predictor):
    """Says in capital letters what another predictor says."""

    def __init__(self, quiet):
        super().__init__(quiet.model, quiet.tokenizer)
        self.quiet = quiet

    @tf.function(input_signature=[tf.TensorSpec((None,), tf.string, name="text")])
    def __call__(self, text):
        found = self.quiet(text)
        return {**found, "text": tf.strings.upper(found["text"], encoding="utf-8")}


@register("task", "shouting")
class Shouting(Translation):
    """Translation into capital letters."""

    def serving(self, model, tokenizer):
        return Shouter(super().serving(model, tokenizer))
