"""Multi-head scaled dot-product attention, made for subclassing.

B batch, T target (query) length, S source (key) length, L entries of a cache, D model width, H heads, K head width.
Where beams share the cache of their sentence, N rows of a step are the beams of B sentences.
A mask is boolean, broadcastable to (B, H, T, S), True where a target may attend (see masks.py).
"""

import math
from collections.abc import Callable
from typing import Annotated, Any

import keras
from keras import ops

from ..annotations import Cache, Config, Shape, Tensor
from ..signature import Count, Divides, Rate, register
from . import cache as caches
from .compose import width_of
from .dropout import Dropout
from .initializer import InitializerName, kernel_initializer
from .linear import Linear, as_leading, joined, side_by_side, together
from .masks import MaskedLayer, as_attention_mask, causal_mask, implicit_mask


def dot_product_scores(query: Tensor, key: Tensor) -> Tensor:
    """Return (B, H, T, S): the products of queries (B, T, H, K) and keys (B, S, H, K) over √K."""
    scale = 1.0 / math.sqrt(query.shape[-1])
    return ops.einsum("bthk,bshk->bhts", query * scale, key)


def masked_softmax(scores: Tensor, mask: Tensor | None = None) -> Tensor:
    """Return the softmax of `scores` (B, H, T, S) over S in float32, zero where `mask` is False.

    A row with nothing to attend to is a row of zeros, not of NaN.
    """
    scores = ops.cast(scores, "float32")
    if mask is not None:
        scores = ops.where(mask, scores, -1e9)
    # Keras warns of a softmax over one element, which a first step of decoding is.
    weights = ops.ones_like(scores) if scores.shape[-1] == 1 else ops.softmax(scores, axis=-1)
    return weights if mask is None else ops.where(mask, weights, 0.0)


def weighted_sum(weights: Tensor, value: Tensor) -> Tensor:
    """Return (B, T, H, K): the `value` (B, S, H, K) averaged with `weights` (B, H, T, S)."""
    return ops.einsum("bhts,bshk->bthk", ops.cast(weights, value.dtype), value)


@register("attention", "multi_head")
@keras.saving.register_keras_serializable(package="keras_transformers")
class MultiHeadAttention(MaskedLayer):
    """softmax(Q Kᵀ / √K) V, for H heads side by side.

    Self-attention when called with one sequence, cross-attention when called with two; `step` and `read` are the same
    against a cache. To make an attention of your own, override one of `transform`, `scores`, `bias`, `normalize` or
    `attend`; training, cached decoding, mixed precision, saving and export then work with no further code. One that
    caches something else overrides `empty_cache`, `step` and, to be cross-attention, `source_cache` and `read`.

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
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.heads = heads
        self.head_dim = head_dim
        self.dropout = dropout
        self.use_bias = use_bias
        self.initializer = initializer
        self.drop = Dropout(dropout, dtype=self.dtype_policy)

    def build(self, query_shape: Shape, source_shape: Shape | None = None) -> None:
        dim = width_of(query_shape)
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

    def transform(self, x: Tensor, positions: Tensor) -> Tensor:
        """Change projected queries or keys `x` (B, L, H, K) at `positions` (L,) or (B, L), as RoPE does."""
        return x

    def scores(self, query: Tensor, key: Tensor) -> Tensor:
        """Return how well `query` (B, T, H, K) and `key` (B, S, H, K) fit: (B, H, T, S)."""
        return dot_product_scores(query, key)

    def bias(self, query_positions: Tensor, key_positions: Tensor) -> Tensor | None:
        """Return what is added to the scores, broadcastable to (B, H, T, S), or None.

        The positions are (T,) and (S,) or, where rows stand at positions of their own, (B, T) and (B or 1, S).
        """
        return None

    def normalize(self, scores: Tensor, mask: Tensor | None) -> Tensor:
        """Return the attention weights (B, H, T, S), float32, from `scores` and `mask`."""
        return masked_softmax(scores, mask)

    def attend(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, bias: Tensor | None) -> Tensor:
        """Return the context (B, T, H, K): the values, weighed by how well their keys fit the queries.

        A fused kernel, a window or chunks may take the place of this, which makes all (B, H, T, S) weights at once. A
        kernel that does not call `scores` and `normalize` stands in for them only if `is_plain`; else it goes on with
        `super().attend(…)`.

        Args:
            query: Transformed queries (B, T, H, K).
            key: Transformed keys (B, S, H, K).
            value: Values (B, S, H, K).
            mask: Boolean, broadcastable to (B, H, T, S), or None.
            bias: What `bias` returned.
        """
        scores = ops.cast(self.scores(query, key), "float32")
        if bias is not None:
            scores = scores + ops.cast(bias, "float32")
        return weighted_sum(self.drop(self.normalize(scores, mask)), value)

    @property
    def is_plain(self) -> bool:
        """Whether scores and weights are those of this class, overridden neither in a subclass nor in the object."""
        return not self._overrides("scores", "normalize")

    @property
    def shares_beams(self) -> bool:
        """Whether the beams of a sentence can share its cache, their queries side by side in one row.

        False of an attention that keeps a cache of its own, or computes in `attend` what may take the targets of a row
        for one text: its beams are rows, and are chosen by gathering. An attention that can may say so itself.
        """
        return not self._overrides("step", "empty_cache", "read", "source_cache", "attend")

    def _overrides(self, *names: str) -> bool:
        return any(
            name in vars(self) or getattr(type(self), name) is not getattr(MultiHeadAttention, name) for name in names
        )

    # ----------------------------------------------------------------------------------------

    def call(
        self,
        query: Tensor,
        source: Tensor | None = None,
        mask: Tensor | None = None,
        positions: Tensor | None = None,
        source_positions: Tensor | None = None,
        training: bool | None = None,
        run: Callable[[Tensor], Any] | None = None,
    ) -> Any:
        """Attend from `query` (B, T, D) to `source` (B, S, D), or to itself.

        Args:
            query: What attends, (B, T, D).
            source: What is attended to, (B, S, D); by default `query`.
            mask: True where attention is allowed: (B, S), (B, T, S) or (B, H, T, S); by default the implicit mask of
                what is attended to.
            positions: Of the queries, (T,) or (B, T); by default 0 … T-1.
            source_positions: Of the source, (S,) or (B, S); by default 0 … S-1.
            training: Whether dropout is applied.
            run: What `step` and `read` do, so that they do it in the layer's dtype and name scope.

        Returns:
            The context (B, T, D).
        """
        if run is not None:
            return run(query)
        if mask is None:
            mask = implicit_mask(query if source is None else source)
        positions = _positions(positions, query)
        if source is None:
            source_positions = positions
            q, k, v = together((self.query, self.key, self.value), query)
        else:
            source_positions = _positions(source_positions, source)
            q = self.query(query)
            k, v = together((self.key, self.value), source)
        k = self.transform(self._split(k), source_positions)
        return self._attend(q, k, self._split(v), positions, source_positions, mask)

    def step(
        self,
        query: Tensor,
        cache: Cache,
        index: int | Tensor,
        positions: Tensor | None = None,
        key_positions: Tensor | None = None,
        mask: Tensor | None = None,
    ) -> tuple[Tensor, Cache]:
        """Attend from the next targets to those before them, and to themselves.

        Args:
            query: The next targets (B, T, D).
            cache: From `empty_cache`, or from the step before.
            index: The entry of the cache that the first of them takes.
            positions: Theirs, (T,) or (B, T); by default index … index+T-1.
            key_positions: Those of the cache's entries once they are written, (L,) or (B, L); by default 0 … L-1.
            mask: Which entries may be attended to, broadcastable to (B, H, T, L); by default those at positions up to
                the target's own.

        Returns:
            The context (B, T, D) and the new cache.
        """

        def run(query: Tensor) -> Any:
            at = _positions(positions, query, index)
            if caches.is_of_sentence(cache):
                return self._step_sentence(query, cache, at, key_positions, mask)
            new = {"key": self.transform(self._split(self.key(query)), at), "value": self._split(self.value(query))}
            written = caches.write(cache, new, index)
            held = ops.arange(caches.length(written)) if key_positions is None else key_positions
            seen = causal_mask(at, held) if mask is None else mask
            entries = caches.read(written)
            return self._attend(self.query(query), entries["key"], entries["value"], at, held, seen), written

        context, written = self(query, run=run)
        return context, written

    def read(
        self,
        query: Tensor,
        cache: Cache,
        positions: Tensor | None = None,
        key_positions: Tensor | None = None,
        mask: Tensor | None = None,
    ) -> Tensor:
        """Attend from targets to a source whose cache was made before.

        Args:
            query: The targets (B, T, D).
            cache: From `source_cache`.
            positions: Of the targets, (T,) or (B, T); by default 0 … T-1.
            key_positions: Of the source, (S,) or (B, S); by default 0 … S-1.
            mask: Which of the source may be attended to, broadcastable to (B, H, T, S); by default all.

        Returns:
            The context (B, T, D).
        """

        def run(query: Tensor) -> Any:
            at = _positions(positions, query)
            if caches.is_of_sentence(cache):
                q = self.transform(self._split(self.query(query)), at)
                q = caches.heads_first(q, caches.sentences(cache))
                return self._attend_sentence(q, cache, at, key_positions, mask, query)
            entries = caches.read(cache)
            k, v = entries["key"], entries["value"]
            return self._attend(self.query(query), k, v, at, _positions(key_positions, k), mask)

        return self(query, run=run)

    def empty_cache(self, batch: int | Tensor, length: int | Tensor) -> Cache:
        """Return the cache of self-attention of `batch` sentences, which each step makes longer.

        Args:
            batch: B.
            length: The greatest number of targets: an attention that keeps a cache of its own may need it.
        """
        return caches.of_sentence(batch, self.heads, self.width, self.compute_dtype)

    def source_cache(self, source: Tensor, positions: Tensor | None = None) -> Cache:
        """Return the cache of cross-attention to `source` (B, S, D), computed once a sentence."""

        def run(source: Tensor) -> Any:
            k, v = together((self.key, self.value), source)
            k = self.transform(self._split(k), _positions(positions, source))
            empty = caches.of_sentence(ops.shape(source)[0], self.heads, self.width, self.compute_dtype)
            return caches.append(empty, caches.swap_heads(k), caches.swap_heads(self._split(v)))

        return self(source, run=run)

    def hoisted(self, cache: Cache) -> Cache:
        """Return a cache of self-attention with what each step would otherwise compute anew from the weights."""
        if not caches.is_of_sentence(cache) or self._overrides("step"):
            return cache
        return caches.with_weights(cache, side_by_side((self.query, self.key, self.value), self.compute_dtype))

    def get_config(self) -> Config:
        return {
            **super().get_config(),
            "heads": self.heads,
            "head_dim": self.head_dim,
            "dropout": self.dropout,
            "use_bias": self.use_bias,
            "initializer": self.initializer,
        }

    def compute_output_shape(self, query_shape: Shape, source_shape: Shape | None = None) -> Shape:
        return tuple(query_shape)

    def _attend(
        self, q: Tensor, k: Tensor, v: Tensor, positions: Tensor, key_positions: Tensor, mask: Tensor | None
    ) -> Tensor:
        """Return (B, T, D) from projected queries (B, T, H·K), and keys and values as `attend` takes them."""
        q = self.transform(self._split(q), positions)
        bias = self.bias(*_of_one_rank(positions, key_positions))
        context = self.attend(q, k, v, None if mask is None else as_attention_mask(mask), bias)
        return self.output_projection(self._merge(context))

    def _step_sentence(
        self, x: Tensor, cache: Cache, positions: Tensor, key_positions: Tensor | None, mask: Tensor | None
    ) -> tuple[Tensor, Cache]:
        """Do what `step` does, for targets `x` (N, T, D) and a cache of B sentences."""
        batch = caches.sentences(cache)
        parts = joined((self.query, self.key, self.value), x, cache.get(caches.WEIGHTS))
        parts = ops.reshape(parts, as_leading(x, 3 * self.heads, self.width))
        if self._overrides("transform"):
            q, k, v = ops.split(parts, 3, axis=2)
            q, k = self.transform(q, positions), self.transform(k, positions)
            q, k, v = (caches.heads_first(part, batch) for part in (q, k, v))
        else:
            q, k, v = ops.split(caches.heads_first(parts, batch), 3, axis=1)
        written = caches.append(cache, k, v)
        if mask is None and (x.shape[1] != 1 or key_positions is not None):
            held = ops.arange(caches.length(written)) if key_positions is None else key_positions
            mask = causal_mask(positions, held)
        return self._attend_sentence(q, written, positions, key_positions, mask, x), written

    def _attend_sentence(
        self,
        q: Tensor,
        cache: Cache,
        positions: Tensor,
        key_positions: Tensor | None,
        mask: Tensor | None,
        x: Tensor,
    ) -> Tensor:
        """Return what targets `x` (N, T, D) read from a cache of B sentences, (N, T, D).

        The queries of a sentence's rows are computed as if they were those of one row.

        Args:
            q: Transformed queries (B, H, N/B·T, K).
            cache: Of sentences; with what this step has written, if anything.
            positions: Of the targets, (T,) or (N, T).
            key_positions: Of the entries, (L,) or (B, L); None: 0 … L-1. Those beyond the cache are left out.
            mask: Which entries may be attended to, broadcastable to (B, H, N/B·T, L); None: all.
            x: The targets.
        """
        held = cache[caches.SENTENCE]
        key, value = held["key"], held["value"]
        batch, _, entries, _ = ops.shape(value)
        if mask is not None:
            mask = as_attention_mask(mask)
            mask = mask if mask.shape[-1] == 1 else mask[..., :entries]
        at = _of_sentences(positions, ops.shape(x)[0], batch)
        known = ops.arange(entries) if key_positions is None else key_positions[..., :entries]
        bias = self.bias(*_of_one_rank(at, known))
        if self._overrides("scores", "normalize", "attend"):
            key = ops.transpose(key, (0, 3, 1, 2))
            context = self.attend(caches.swap_heads(q), key, caches.swap_heads(value), mask, bias)
        else:
            scores = ops.matmul(q / math.sqrt(self.width), key)
            scores = scores if bias is None else ops.cast(scores, "float32") + ops.cast(bias, "float32")
            weights = ops.cast(masked_softmax(scores, mask), value.dtype)
            context = caches.swap_heads(ops.matmul(weights, value))
        return self.output_projection(ops.reshape(context, as_leading(x, self.heads * self.width)))

    def _projection(self, name: str, units: int, input_shape: Shape) -> Linear:
        layer = Linear(
            units,
            use_bias=self.use_bias,
            kernel_initializer=kernel_initializer(self.initializer),
            dtype=self.dtype_policy,
            name=name,
        )
        layer.build(input_shape)
        return layer

    def _split(self, x: Tensor) -> Tensor:
        """(B, L, H·K) → (B, L, H, K)."""
        return ops.reshape(x, as_leading(x, self.heads, self.width))

    def _merge(self, x: Tensor) -> Tensor:
        """(B, L, H, K) → (B, L, H·K)."""
        return ops.reshape(x, (*ops.shape(x)[:2], self.heads * self.width))


def _positions(positions: Tensor | None, x: Tensor, start: int | Tensor = 0) -> Tensor:
    """Return `positions` or, if they are None, start … start+L-1 for `x` (B, L, …)."""
    return start + ops.arange(ops.shape(x)[1]) if positions is None else positions


def _of_sentences(positions: Tensor, rows: int | Tensor, batch: int | Tensor) -> Tensor:
    """Return the positions (T,) or (N, T) of rows as those of the sentences that they belong to, (T,) or (B, N/B·T)."""
    if len(positions.shape) == 2:
        return ops.reshape(positions, (batch, ops.shape(positions)[1] * caches.of_each(rows, batch)))
    shape = (caches.of_each(rows, batch), ops.shape(positions)[0])
    return ops.reshape(ops.broadcast_to(positions, shape), (-1,))


def _of_one_rank(query_positions: Tensor, key_positions: Tensor) -> tuple[Tensor, Tensor]:
    """Return both as they are, or both with rows if one of them has rows."""
    ranks = {len(positions.shape) for positions in (query_positions, key_positions)}
    if len(ranks) == 1:
        return query_positions, key_positions
    query, key = (x if len(x.shape) == 2 else ops.expand_dims(x, 0) for x in (query_positions, key_positions))
    return query, key
