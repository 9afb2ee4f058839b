"""Key/value caches for incremental decoding.

B batch, N rows of a step, T targets of a step, L entries (the greatest length), H heads, K head width.

There are two kinds. Only this module writes, reads and reorders them.

An attention that keeps something of its own keeps it in any nested structure of dicts, lists and tuples. Each of its
tensors has the entries first and the rows second, (L, B, …), so that what a step writes is one contiguous slice. What
is no list of entries, such as a running sum, has 1 in place of L. Beams are rows, and are chosen by gathering.

What `MultiHeadAttention` keeps is {"sentence": {"key": (B, H, K, S), "value": (B, H, S, K)}}: one cache a sentence,
as the products with queries and weights take it fastest, which a step makes longer by what it writes; beside it may
stand what is one for all sentences. Where the K beams of a sentence are its rows, N = B·K, they share it: each step
adds an entry a beam, none is ever moved, and a mask says which entries are a beam's own past (see timeline.py).
"""

from typing import Any

import keras
from keras import ops

from ..annotations import Cache, Layer, Tensor

SENTENCE = "sentence"
WEIGHTS = "weights"


def write(cache: Cache, new: Cache, index: int | Tensor) -> Cache:
    """Return `cache` with `new`, the same structure of (B, T, …), written at entries index … index+T-1."""
    return keras.tree.map_structure(lambda old, x: put(old, swap(x), index), cache, new)


def read(cache: Cache) -> Cache:
    """Return the structure of `cache` with rows first, (B, L, …)."""
    return keras.tree.map_structure(swap, cache)


def length(cache: Cache) -> int | Tensor:
    """Return L: the number of entries of the first tensor of `cache`."""
    if is_of_sentence(cache):
        return ops.shape(cache[SENTENCE]["value"])[2]
    return ops.shape(keras.tree.flatten(cache)[0])[0]


def gather_rows(cache: Cache, parents: Tensor) -> Cache:
    """Return `cache` with the rows `parents`, integers (N,), each a row to go on from; N may differ from B.

    Of caches that beams share these are sentences, with all their beams.
    """
    if is_of_sentence(cache):
        return {**cache, SENTENCE: {name: ops.take(x, parents, axis=0) for name, x in cache[SENTENCE].items()}}
    if isinstance(cache, dict):
        return {name: gather_rows(part, parents) for name, part in cache.items()}
    if isinstance(cache, list | tuple):
        return type(cache)(gather_rows(part, parents) for part in cache)
    return ops.take(cache, parents, axis=1)


def hoisted(layer: Layer, cache: Cache) -> Cache:
    """Return the cache of `layer` with what each of its steps would compute anew from the weights, if it says so."""
    hoist = getattr(layer, "hoisted", None)
    return cache if hoist is None else hoist(cache)


def swap(x: Tensor) -> Tensor:
    """Swap the first two axes: (B, L, …) ↔ (L, B, …)."""
    return ops.transpose(x, (1, 0, *range(2, len(x.shape))))


def put(entries: Tensor, new: Tensor, index: int | Tensor) -> Tensor:
    """Return `entries` (L, …) with `new` (T, …) at index … index+T-1."""
    where = ops.expand_dims(index + ops.arange(ops.shape(new)[0]), 1)
    return ops.scatter_update(entries, where, new)


# One cache a sentence -----------------------------------------------------------------------------------------------


def of_sentence(batch: int | Tensor, heads: int, width: int, dtype: str) -> Cache:
    """Return a cache of `batch` sentences that holds nothing yet."""
    key, value = ops.zeros((batch, heads, width, 0), dtype), ops.zeros((batch, heads, 0, width), dtype)
    return {SENTENCE: {"key": key, "value": value}}


def is_of_sentence(cache: Any) -> bool:
    """Tell whether a cache is one that beams share."""
    return isinstance(cache, dict) and SENTENCE in cache


def append(cache: Cache, key: Tensor, value: Tensor) -> Cache:
    """Return a cache of sentences with keys and values (B, H, S, K), from `heads_first`, after what it holds.

    A step's entries stand beam by beam, where beams share the cache.
    """
    held = cache[SENTENCE]
    key = ops.concatenate([held["key"], ops.transpose(key, (0, 1, 3, 2))], axis=3)
    return {**cache, SENTENCE: {"key": key, "value": ops.concatenate([held["value"], value], axis=2)}}


def with_weights(cache: Cache, weights: dict[str, Tensor] | None) -> Cache:
    """Return a cache of sentences with weights that each step multiplies by, None: it has none."""
    return cache if weights is None else {**cache, WEIGHTS: weights}


def sentences(cache: Cache) -> int | Tensor:
    """Return B, of how many sentences this is the cache."""
    return ops.shape(cache[SENTENCE]["value"])[0]


def heads_first(x: Tensor, batch: int | Tensor) -> Tensor:
    """Return `x` (N, T, H, K) as (B, H, N/B·T, K): what the rows of a sentence hold, one after the other.

    N is the batch B or, where K beams of a sentence are rows, K times as many.
    """
    rows, width = ops.shape(x)[:2]
    return swap_heads(ops.reshape(x, (batch, width * of_each(rows, batch), *x.shape[2:])))


def of_each(rows: int | Tensor, batch: int | Tensor) -> int | Tensor:
    """Return how many of the rows are beams of each sentence, also where there are no sentences."""
    return rows // (max(batch, 1) if isinstance(batch, int) else ops.maximum(batch, 1))


def swap_heads(x: Tensor) -> Tensor:
    """Swap the axes of time and heads: (B, L, H, K) ↔ (B, H, L, K)."""
    return ops.transpose(x, (0, 2, 1, 3))
