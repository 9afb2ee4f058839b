"""Multi-head scaled dot-product attention, made for subclassing.

B batch, T target (query) length, S source (key) length, D model width, H heads, K head width.
A mask is boolean, broadcastable to (B, H, T, S), True where a target may attend (see masks.py).
"""

import math
from typing import Annotated

import keras
from keras import ops

from ..signature import Count, Divides, Rate
from .dropout import Dropout
from .initializer import InitializerName, kernel_initializer
from .linear import Linear, together
from .masks import ExplicitMask, as_attention_mask


def dot_product_scores(query, key):
    """Return (B, H, T, S): the products of queries (B, T, H, K) and keys (B, S, H, K) over √K."""
    scale = 1.0 / math.sqrt(query.shape[-1])
    return ops.einsum("bthk,bshk->bhts", query * scale, key)


def masked_softmax(scores, mask=None):
    """Return the softmax of `scores` (B, H, T, S) over S in float32, zero where `mask` is False.

    A row with nothing to attend to is a row of zeros, not of NaN.
    """
    scores = ops.cast(scores, "float32")
    if mask is not None:
        scores = ops.where(mask, scores, -1e9)
    # Keras warns of a softmax over one element, which a first step of decoding is.
    weights = ops.ones_like(scores) if scores.shape[-1] == 1 else ops.softmax(scores, axis=-1)
    return weights if mask is None else ops.where(mask, weights, 0.0)


def weighted_sum(weights, value):
    """Return (B, T, H, K): the `value` (B, S, H, K) averaged with `weights` (B, H, T, S)."""
    return ops.einsum("bhts,bshk->bthk", ops.cast(weights, value.dtype), value)


@keras.saving.register_keras_serializable(package="keras_transformers")
class MultiHeadAttention(ExplicitMask):
    """softmax(Q Kᵀ / √K) V, for H heads side by side.

    Registered as `attention/multi_head`.

    Self-attention when called with one sequence, cross-attention when called with two. To make an
    attention of your own, override one of `transform`, `scores`, `bias` or `normalize`; training,
    cached decoding, mixed precision, saving and export then work with no further code.

    Reference: Vaswani et al. 2017, section 3.2, https://arxiv.org/abs/1706.03762

    Args:
        heads: Number of heads H.
        head_dim: Width of a head K; by default the model width over `heads`.
        dropout: Rate of dropout on the attention weights.
        use_bias: Whether the four projections add a bias; the paper's do not, BERT's do.
        initializer: Distribution that the four kernels are drawn from.

    Raises:
        ValueError: `head_dim` is not given and `heads` does not divide the width of the inputs.
    """

    def __init__(
        self,
        heads: Annotated[Count, Divides("model.dim", unless="head_dim")],
        head_dim: Count | None = None,
        dropout: Rate = 0.0,
        use_bias: bool = True,
        initializer: InitializerName = "glorot_uniform",
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.heads = heads
        self.head_dim = head_dim
        self.dropout = dropout
        self.use_bias = use_bias
        self.initializer = initializer
        self.drop = Dropout(dropout, dtype=self.dtype_policy)

    def build(self, query_shape, source_shape=None):
        dim = query_shape[-1]
        source_shape = source_shape or query_shape
        if self.head_dim is None and dim % self.heads:
            raise ValueError(f"`heads` must divide `dim` ({dim}), but is {self.heads}.")
        self.width = self.head_dim or dim // self.heads  # K
        inner = self.heads * self.width
        self.query = self._projection("query", inner, query_shape)
        self.key = self._projection("key", inner, source_shape)
        self.value = self._projection("value", inner, source_shape)
        self.output_projection = self._projection("output", dim, (*query_shape[:-1], inner))

    # What a subclass may override -----------------------------------------------------------

    def transform(self, x, positions):
        """Change projected queries or keys `x` (B, L, H, K) at `positions` (L,), as RoPE does."""
        return x

    def scores(self, query, key):
        """Return how well `query` (B, T, H, K) and `key` (B, S, H, K) fit: (B, H, T, S)."""
        return dot_product_scores(query, key)

    def bias(self, query_positions, key_positions):
        """Return what is added to the scores, broadcastable to (B, H, T, S), or None."""
        return None

    def normalize(self, scores, mask):
        """Return the attention weights (B, H, T, S), float32, from `scores` and `mask`."""
        return masked_softmax(scores, mask)

    # ----------------------------------------------------------------------------------------

    def call(self, query, source=None, mask=None, cache=None, index=None, start=0, training=None):
        """Attend from `query` (B, T, D) to `source` (B, S, D), or to itself.

        Args:
            query: What attends, (B, T, D).
            source: What is attended to, (B, S, D); by default `query`.
            mask: True where attention is allowed: (B, S), (B, T, S) or (B, H, T, S).
            cache: Keys and values computed before: `empty_cache(...)` for self-attention step by
                step, `source_cache(memory)` for cross-attention.
            index: Position of the first query. With it, the query's own keys and values are
                written into the cache there; without it, the cache is only read.
            start: Position of the first query where there is no `index`, as in cross-attention.
            training: Whether dropout is applied.

        Returns:
            The context (B, T, D); with a cache, a pair of the context and the new cache.
        """
        start = start if index is None else index
        query_positions = start + ops.arange(ops.shape(query)[1])
        if cache is not None and index is None:
            q, (k, v) = self.query(query), read_cache(cache)
        elif source is None:
            q, k, v = together((self.query, self.key, self.value), query)
            k, v = self._keys_and_values(k, v, start)
        else:
            q = self.query(query)
            k, v = self._source_keys_and_values(source)
        if index is not None:
            cache = write_cache(cache, (k, v), index)
            k, v = read_cache(cache)
        q = self.transform(self._split(q), query_positions)
        context = self._attend(q, k, v, query_positions, mask, training)
        output = self.output_projection(self._merge(context))
        return output if cache is None else (output, cache)

    def empty_cache(self, batch, length):
        """Return a cache for `length` positions of self-attention: two (length, B, H, K) zeros.

        Time comes first, so that writing one position touches one contiguous slice.
        """
        shape = (length, batch, self.heads, self.width)
        return {
            "key": ops.zeros(shape, self.compute_dtype),
            "value": ops.zeros(shape, self.compute_dtype),
        }

    def source_cache(self, source):
        """Return the cache of cross-attention to `source` (B, S, D), computed once a sentence."""
        k, v = self._source_keys_and_values(source)
        return {"key": _time_first(k), "value": _time_first(v)}

    def get_config(self):
        return {
            **super().get_config(),
            "heads": self.heads,
            "head_dim": self.head_dim,
            "dropout": self.dropout,
            "use_bias": self.use_bias,
            "initializer": self.initializer,
        }

    def compute_output_spec(self, query, *args, **kwargs):
        return keras.KerasTensor(query.shape, dtype=self.compute_dtype)

    def _attend(self, q, k, v, query_positions, mask, training):
        scores = ops.cast(self.scores(q, k), "float32")
        bias = self.bias(query_positions, ops.arange(ops.shape(k)[1]))
        if bias is not None:
            scores = scores + ops.cast(bias, "float32")
        mask = None if mask is None else as_attention_mask(mask)
        weights = self.drop(self.normalize(scores, mask), training=training)
        return weighted_sum(weights, v)

    def _projection(self, name, units, input_shape):
        layer = Linear(
            units,
            use_bias=self.use_bias,
            kernel_initializer=kernel_initializer(self.initializer),
            dtype=self.dtype_policy,
            name=name,
        )
        layer.build(input_shape)
        return layer

    def _source_keys_and_values(self, source):
        return self._keys_and_values(*together((self.key, self.value), source), 0)

    def _keys_and_values(self, k, v, start):
        positions = start + ops.arange(ops.shape(k)[1])
        return self.transform(self._split(k), positions), self._split(v)

    def _split(self, x):
        """(B, L, H·K) → (B, L, H, K)."""
        return ops.reshape(x, (*ops.shape(x)[:2], self.heads, self.width))

    def _merge(self, x):
        """(B, L, H, K) → (B, L, H·K)."""
        return ops.reshape(x, (*ops.shape(x)[:2], self.heads * self.width))


def write_cache(cache, keys_and_values, index):
    """Return `cache` with keys and values (B, L, H, K) written at positions index … index+L-1."""
    written = {}
    for name, new in zip(("key", "value"), keys_and_values):
        new = _time_first(new)
        where = ops.expand_dims(index + ops.arange(ops.shape(new)[0]), 1)
        written[name] = ops.scatter_update(cache[name], where, new)
    return written


def read_cache(cache):
    """Return the keys and values of `cache`, each (B, S, H, K)."""
    return _time_first(cache["key"]), _time_first(cache["value"])


def _time_first(x):
    """Swap batch and time: (B, L, H, K) ↔ (L, B, H, K)."""
    return ops.transpose(x, (1, 0, 2, 3))
