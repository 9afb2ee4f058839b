"""Timelines: where in time the entries of caches stand, and which of them a beam may attend to.

B sentences, K beams of each, N = B·K rows, T targets of a step, L entries (the greatest length).

A timeline is a dict:

    index      scalar, int32: how many steps are written
    positions  (L,), int32, where all rows stand at the same positions; or (L, B), where each row has its own,
               as after prompts of different lengths: -1 at an entry that holds padding, or nothing yet

and, once the beams of a sentence share its cache,

    since      scalar, int32: the index of the first step with beams. Each step before it has written one entry, each
               later one an entry a beam
    ancestors  (B, K, L), int32: which beam wrote what beam k has said at step `since` + l

so that beams are reordered by reordering a small table of integers: no cache is moved.
"""

from keras import ops

from ..annotations import Tensor, Timeline
from .cache import gather_rows, put, swap

NOTHING = -1


def begin_timeline(batch: int | Tensor, length: int | Tensor, ragged: bool = False) -> Timeline:
    """Return the timeline of `length` entries, none of them written.

    Args:
        batch: B.
        length: L.
        ragged: Whether each row has positions of its own.
    """
    positions = ops.full((length, batch), NOTHING, dtype="int32") if ragged else ops.arange(length, dtype="int32")
    return {"index": ops.convert_to_tensor(0, "int32"), "positions": positions}


def is_ragged(timeline: Timeline) -> bool:
    """Tell whether each row has positions of its own."""
    return len(timeline["positions"].shape) == 2


def has_beams(timeline: Timeline) -> bool:
    """Tell whether several rows share the cache of a sentence."""
    return "ancestors" in timeline


def next_positions(timeline: Timeline, width: int, real: Tensor | None = None) -> Tensor:
    """Return the positions of the next `width` targets, (T,) or (N, T).

    Args:
        timeline: Where the rows stand.
        width: T.
        real: Boolean (B, T), False at padding, which takes up an entry and no position; beams take no notice of it.
    """
    if not is_ragged(timeline):
        return timeline["index"] + ops.arange(width, dtype="int32")
    entries = timeline["positions"]
    before = ops.sum(ops.cast(ops.greater(entries, NOTHING), "int32"), axis=0)  # (B,)
    if has_beams(timeline):
        return ops.expand_dims(ops.repeat(before, ops.shape(timeline["ancestors"])[1]), 1)
    steps = ops.arange(1, width + 1, dtype="int32") if real is None else ops.cumsum(ops.cast(real, "int32"), axis=1)
    return ops.maximum(ops.expand_dims(before, 1) + steps - 1, 0)


def advance(timeline: Timeline, positions: Tensor, real: Tensor | None = None) -> Timeline:
    """Return the timeline once targets at `positions`, from `next_positions`, are written."""
    entries, index = timeline["positions"], timeline["index"]
    following = {**timeline, "index": index + ops.shape(positions)[-1]}
    if has_beams(timeline):
        ancestors = timeline["ancestors"]
        beams, own = ops.shape(ancestors)[1], ops.arange(ops.shape(ancestors)[1], dtype="int32")
        now = ops.equal(ops.arange(ops.shape(ancestors)[2], dtype="int32"), index - timeline["since"])  # (L,)
        following["ancestors"] = ops.where(now, ops.expand_dims(own, 1), ancestors)
        if is_ragged(timeline):  # reshaped, for a slice with a stride that is a tensor has no known rank
            positions = ops.reshape(positions, (-1, beams, ops.shape(positions)[1]))[:, 0]
        real = None
    if is_ragged(timeline):
        held = positions if real is None else ops.where(real, positions, NOTHING)
        following["positions"] = put(entries, swap(held), index)
    return following


def entries(timeline: Timeline, width: int, by_default: bool) -> dict[str, Tensor | None]:
    """Return what a block's step is told of the entries: their `key_positions`, and the `mask` of what may be seen.

    Args:
        timeline: With the last targets written.
        width: T.
        by_default: Whether both may be None where they say what a step takes by default.
    """
    if by_default and not is_ragged(timeline) and not has_beams(timeline):
        return {"key_positions": None, "mask": None}
    return {"key_positions": key_positions(timeline), "mask": visible(timeline, width)}


def key_positions(timeline: Timeline) -> Tensor:
    """Return the position of what each entry holds; 0 at an entry that holds nothing.

    Returns:
        (L,) or (B, L), of all entries, written or not; with beams (S,) or (B, S), of what each sentence's cache holds.
    """
    positions = timeline["positions"]
    by_row = ops.maximum(swap(positions), 0) if is_ragged(timeline) else positions
    if not has_beams(timeline):
        return by_row
    since, index = timeline["since"], timeline["index"]
    beams = ops.shape(timeline["ancestors"])[1]
    steps = ops.repeat(by_row[..., since:index], beams, axis=-1)
    return ops.concatenate([by_row[..., :since], steps], axis=-1)


def visible(timeline: Timeline, width: int) -> Tensor:
    """Return a mask: True at the entries that each of the last `width` targets may attend to.

    These are its own entry and those before it, but for padding; of a beam those that its ancestors wrote.

    Returns:
        (1 or B, 1, T, L); with beams (B, 1, K, S), for what each sentence's cache holds.
    """
    if has_beams(timeline):
        return ops.expand_dims(ops.concatenate([_before_beams(timeline), _ancestry(timeline)], axis=-1), 1)
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
    """Return the timeline of the rows `parents`, or with beams of these sentences, as `gather_rows` does."""
    chosen = dict(timeline)
    if is_ragged(timeline):
        chosen["positions"] = gather_rows(timeline["positions"], parents)
    if has_beams(timeline):
        chosen["ancestors"] = ops.take(timeline["ancestors"], parents, axis=0)
    return chosen


def choose_ancestors(timeline: Timeline, parents: Tensor) -> Timeline:
    """Return the timeline of beams that go on from the beams `parents` (B, K) of their sentences.

    The first time there is one beam a sentence, 0, and from there on K.
    """
    if has_beams(timeline):
        ancestors = ops.take_along_axis(timeline["ancestors"], ops.expand_dims(parents, 2), axis=1)
        return {**timeline, "ancestors": ancestors}
    entries = ops.shape(timeline["positions"])[0]
    ancestors = ops.zeros((*ops.shape(parents), entries), dtype="int32")
    return {**timeline, "since": timeline["index"], "ancestors": ancestors}


def _before_beams(timeline: Timeline) -> Tensor:
    """Return (B, K, `since`): whether what was written before there were beams is real."""
    batch, beams, _ = ops.shape(timeline["ancestors"])
    since = timeline["since"]
    if is_ragged(timeline):
        real = ops.expand_dims(ops.greater(swap(timeline["positions"][:since]), NOTHING), 1)
    else:
        real = ops.ones((1, 1, since), "bool")
    return ops.broadcast_to(real, (batch, beams, since))


def _ancestry(timeline: Timeline) -> Tensor:
    """Return (B, K, S): whether what each beam wrote at each step since is what beam k has said."""
    batch, beams, _ = ops.shape(timeline["ancestors"])
    steps = timeline["index"] - timeline["since"]
    writers = ops.expand_dims(timeline["ancestors"][:, :, :steps], 3)
    own = ops.equal(writers, ops.arange(beams, dtype="int32"))  # (B, K, steps, K)
    return ops.reshape(own, (batch, beams, steps * beams))
