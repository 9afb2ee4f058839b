"""Parts of a user's own, written for the first version; they must work unchanged in every later one.

A `transform`, a `bias`, a block with `slot("norm")`, a norm, a source and a metric that inherit from nothing.
"""

import keras
from keras import ops

import keras_transformers as kt
from keras_transformers.data import Pairs
from keras_transformers.layers import EncoderBlock, LayerNorm, MultiHeadAttention
from keras_transformers.signature import Count, Natural, Positive, Rate, slot


@kt.register("attention", "rotary", reference="Su et al. 2021, https://arxiv.org/abs/2104.09864")
class Rotary(MultiHeadAttention):
    """Multi-head attention whose queries and keys are turned by an angle that grows with their position."""

    def transform(self, x, positions):
        half = x.shape[-1] // 2
        frequency = 1.0 / 100.0 ** (ops.arange(half, dtype="float32") / half)
        angle = ops.expand_dims(ops.cast(positions, "float32"), 1) * frequency  # (L, K/2)
        sine, cosine = (ops.cast(f(angle), x.dtype)[None, :, None, :] for f in (ops.sin, ops.cos))
        left, right = x[..., :half], x[..., half:]
        return ops.concatenate([left * cosine - right * sine, left * sine + right * cosine], axis=-1)


@kt.register("attention", "nearness")
class Nearness(MultiHeadAttention):
    """Multi-head attention with a learned bias for each distance and head.

    Args:
        heads: Number of heads H.
        reach: Greatest distance told apart; farther ones share a bias.
    """

    def __init__(self, heads: Count, reach: Count = 16, **kwargs):
        super().__init__(heads, **kwargs)
        self.reach = reach

    def build(self, query_shape, source_shape=None):
        super().build(query_shape, source_shape)
        self.table = self.add_weight(name="table", shape=(2 * self.reach + 1, self.heads), initializer="zeros")

    def bias(self, query_positions, key_positions):
        distance = ops.expand_dims(key_positions, 0) - ops.expand_dims(query_positions, 1)  # (T, S)
        row = ops.clip(distance, -self.reach, self.reach) + self.reach
        return ops.transpose(ops.take(self.table, row, axis=0), (2, 0, 1))  # (H, T, S)

    def get_config(self):
        return {**super().get_config(), "reach": self.reach}


@kt.register("norm", "scale_norm", reference="Nguyen and Salazar 2019, https://arxiv.org/abs/1910.05895")
class ScaleNorm(keras.layers.Layer):
    """Divides by the length of the vector, then multiplies by one learned number.

    Args:
        scale: That number at first.
    """

    def __init__(self, scale: Positive = 4.0, **kwargs):
        super().__init__(**kwargs)
        self.scale = scale

    def build(self, input_shape):
        self.gain = self.add_weight(name="gain", shape=(), initializer=keras.initializers.Constant(self.scale))

    def call(self, inputs):
        length = ops.sqrt(ops.sum(ops.square(ops.cast(inputs, "float32")), axis=-1, keepdims=True) + 1e-6)
        return ops.cast(inputs / ops.cast(length, inputs.dtype), inputs.dtype) * self.gain

    def get_config(self):
        return {**super().get_config(), "scale": self.scale}


@kt.register("encoder_block", "sandwich", reference="Ding et al. 2021, https://arxiv.org/abs/2105.13290")
class Sandwich(EncoderBlock):
    """An encoder block with one more normalization, of what it gives.

    Args:
        attention: Self-attention.
        feed_forward: Position-wise network.
        last: Normalization of the output; by default layer normalization.
    """

    def __init__(
        self,
        attention: slot("attention"),
        feed_forward: slot("feed_forward"),
        norm_order: str = "pre",
        dropout: Rate = 0.0,
        norm: slot("norm") | None = None,
        last: slot("norm") | None = None,
        **kwargs,
    ):
        super().__init__(attention, feed_forward, norm_order, dropout, norm, **kwargs)
        self.last = last or LayerNorm()

    def build(self, input_shape, *rest):
        super().build(input_shape, *rest)
        if not self.last.built:
            self.last.build(input_shape)

    def call(self, x, mask=None, training=None):
        return self.last(super().call(x, mask=mask, training=training))

    def get_config(self):
        return {**super().get_config(), "last": keras.saving.serialize_keras_object(self.last)}

    @classmethod
    def from_config(cls, config):
        parts = {name: keras.saving.deserialize_keras_object(config[name]) for name in (*cls.sublayers, "norm", "last")}
        return cls(**{**config, **parts})


@kt.register("source", "sums")
class Sums:
    """Sums of two numbers, written out: "3+4" to "7".

    Args:
        size: How many.
        first: The number to begin with.
    """

    def __init__(self, size: Count, first: Natural = 0):
        self.size = size
        self.first = first

    def read(self, root=None):
        numbers = range(self.first, self.first + self.size)
        pairs = [(7 * number % 43, 11 * number % 37) for number in numbers]
        return Pairs([f"{one}+{two}" for one, two in pairs], [str(one + two) for one, two in pairs])


@kt.register("metric", "first_letter")
class FirstLetter:
    """Share of outputs that begin as their reference does, 0 to 100."""

    name = "first_letter"
    scores = "texts"

    def __call__(self, outputs, references):
        right = sum(output[:1] == reference[:1] for output, reference in zip(outputs, references))
        return {"first_letter": 100.0 * right / len(references)}
