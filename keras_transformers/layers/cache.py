"""Key/value caches for incremental decoding, and the position that each entry holds.

B batch, T targets of a step, L entries (the greatest length), H heads, K head width.

A cache is whatever an attention keeps, in any nested structure of dicts, lists and tuples. Each of its tensors has the
entries first and the rows second, (L, B, …), so that what a step writes is one contiguous slice. What is no list of
entries, such as a running sum, has 1 in place of L. Only this module writes, reads and reorders caches.

A timeline tells where in time the entries stand. It is a dict:

    index      scalar, int32: how many entries are written
    positions  (L,), int32, where all rows stand at the same positions; or (L, B), where each row has its own,
               as after prompts of different lengths: -1 at an entry that holds padding, or nothing yet
"""

import keras
from keras import ops

from ..annotations import Cache, Tensor, Timeline

NOTHING = -1


def write(cache: Cache, new: Cache, index: int | Tensor) -> Cache:
    """Return `cache` with `new`, the same structure of (B, T, …), written at entries index … index+T-1."""
    return keras.tree.map_structure(lambda old, x: _put(old, swap(x), index), cache, new)


def read(cache: Cache) -> Cache:
    """Return the structure of `cache` with rows first, (B, L, …)."""
    return keras.tree.map_structure(swap, cache)


def length(cache: Cache) -> int | Tensor:
    """Return L: the number of entries of the first tensor of `cache`."""
    return ops.shape(keras.tree.flatten(cache)[0])[0]


def gather_rows(cache: Cache, parents: Tensor) -> Cache:
    """Return `cache` with the rows `parents`, integers (N,), each a row to go on from; N may differ from B."""
    return keras.tree.map_structure(lambda x: ops.take(x, parents, axis=1), cache)


def swap(x: Tensor) -> Tensor:
    """Swap the first two axes: (B, L, …) ↔ (L, B, …)."""
    return ops.transpose(x, (1, 0, *range(2, len(x.shape))))


def _put(entries: Tensor, new: Cache, index: int | Tensor) -> Tensor:
    where = ops.expand_dims(index + ops.arange(ops.shape(new)[0]), 1)
    return ops.scatter_update(entries, where, new)


def begin_timeline(batch: int | Tensor, length: int | Tensor, ragged: bool = False) -> Timeline:
    """Return the timeline of `length` entries, none of them written.

    Args:
        batch: B.
        length: L.
        ragged: Whether each row has positions of its own.
    """
    positions = ops.full((length, batch), NOTHING, dtype="int32") if ragged else ops.arange(length, dtype="int32")
    return {"index": ops.convert_to_tensor(0, "int32"), "positions": positions}


def next_positions(timeline: Timeline, width: int, real: Tensor | None = None) -> Tensor:
    """Return the positions of the next `width` targets, (T,) or (B, T).

    Args:
        timeline: Where the rows stand.
        width: T.
        real: Boolean (B, T), False at padding, which takes up an entry and no position.
    """
    if not is_ragged(timeline):
        return timeline["index"] + ops.arange(width, dtype="int32")
    entries = timeline["positions"]
    before = ops.sum(ops.cast(ops.greater(entries, NOTHING), "int32"), axis=0)  # (B,)
    steps = ops.arange(1, width + 1, dtype="int32") if real is None else ops.cumsum(ops.cast(real, "int32"), axis=1)
    return ops.maximum(ops.expand_dims(before, 1) + steps - 1, 0)


def advance(timeline: Timeline, positions: Tensor, real: Tensor | None = None) -> Timeline:
    """Return the timeline once targets at `positions`, from `next_positions`, are written."""
    entries, index = timeline["positions"], timeline["index"]
    if is_ragged(timeline):
        held = positions if real is None else ops.where(real, positions, NOTHING)
        entries = _put(entries, swap(held), index)
    return {"index": index + ops.shape(positions)[-1], "positions": entries}


def key_positions(timeline: Timeline) -> Tensor:
    """Return the position of what each entry holds, (L,) or (B, L); 0 at an entry that holds nothing."""
    positions = timeline["positions"]
    return ops.maximum(swap(positions), 0) if is_ragged(timeline) else positions


def visible(timeline: Timeline, width: int) -> Tensor:
    """Return (1 or B, 1, T, L): True at the entries that each of the last `width` targets may attend to.

    These are its own entry and those before it, but for padding.
    """
    positions, index = timeline["positions"], timeline["index"]
    entries = ops.arange(ops.shape(positions)[0], dtype="int32")
    own = index - width + ops.arange(width, dtype="int32")
    before = ops.less_equal(ops.expand_dims(entries, 0), ops.expand_dims(own, 1))  # (T, L)
    before = ops.expand_dims(before, (0, 1))
    if not is_ragged(timeline):
        return before
    real = ops.greater(swap(positions), NOTHING)  # (B, L)
    return ops.logical_and(before, ops.expand_dims(real, (1, 2)))


def gather_timeline(timeline: Timeline, parents: Tensor) -> Timeline:
    """Return the timeline of the rows `parents`, as `gather_rows` does."""
    positions = timeline["positions"]
    return {**timeline, "positions": gather_rows(positions, parents) if is_ragged(timeline) else positions}


def is_ragged(timeline: Timeline) -> bool:
    """Tell whether each row has positions of its own."""
    return len(timeline["positions"].shape) == 2
