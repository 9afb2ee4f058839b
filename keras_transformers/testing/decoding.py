"""Checks of decoding: incremental steps agree with the full forward pass, and are causal."""

import numpy as np

from .examples import B, D, S, T, array, perturb, random


def close(found, expected, what):
    """Raise unless two arrays are equal up to float32 sums in another order."""
    difference = np.abs(found - expected).max()
    if not difference <= 1e-5 * max(1.0, np.abs(expected).max()):
        raise AssertionError(f"{what} differs by {difference:.2g}.")


def _attention_steps(make, slot):
    """Self-attention step by step is causal self-attention."""
    layer, x = make(), random(B, T, D)
    layer(x)
    perturb(layer)
    expected = array(layer(x, mask=np.tril(np.ones((1, 1, T, T), bool))))
    cache, found = layer.empty_cache(B, T + 2), []
    for index in range(T):
        output, cache = layer.step(x[:, index : index + 1], cache, index)
        found.append(array(output))
    close(np.concatenate(found, axis=1), expected, "what `step` computes")


def _attention_reads(make, slot):
    """Cross-attention to a cached source is cross-attention."""
    layer, x, source = make(), random(B, T, D), random(B, S, D)
    expected = array(layer(x, source))
    close(array(layer.read(x, layer.source_cache(source))), expected, "what `read` computes")


def _no_future(make, slot):
    """What comes later changes nothing before it."""
    layer, x = make(), random(B, T, D)
    given = [random(B, S, D)] if getattr(layer, "reads_memory", True) else []
    before = array(layer(x, *given))
    after = array(layer(np.concatenate([x[:, :-1], 9 + x[:, -1:]], axis=1), *given))
    close(after[:, :-1], before[:, :-1], "a target before one that changes")


def _block_steps(make, slot):
    """A block decodes step by step what it computes at one stroke."""
    layer, x = make(), random(B, T, D)
    memory = random(B, S, D) if getattr(layer, "reads_memory", True) else None
    expected = array(layer(x) if memory is None else layer(x, memory))
    cache, found = layer.begin(B, T, memory), []
    for index in range(T):
        output, cache = layer.step(x[:, index : index + 1], cache, index)
        found.append(array(output))
    close(np.concatenate(found, axis=1), expected, "what `step` computes")


def _decoder_steps(make, slot):
    """A decoder decodes in steps of any width, and goes on from the rows that it is told."""
    layer, x = make(), random(B, T, D)
    memory = random(B, S, D) if getattr(layer, "reads_memory", True) else None
    parents = np.array([2, 0, 0, 1], "int32")
    given = [] if memory is None else [memory]
    layer(x, *given)
    state = layer.begin(B, T + 1, *given)
    first, state = layer.step(x[:, :2], state, layer.positions(state, 2))
    state = layer.choose(state, parents)
    rest, state = layer.step(x[parents, 2:], state, layer.positions(state, T - 2))
    expected = array(layer(x[parents], *(rows[parents] for rows in given)))
    close(np.concatenate([array(first)[parents], array(rest)], axis=1), expected, "what `step` computes")


CHECKS = {
    "attention": {"steps": _attention_steps, "reads": _attention_reads},
    "decoder_block": {"future": _no_future, "steps": _block_steps},
    "decoder": {"future": _no_future, "steps": _decoder_steps},
}
"""By slot, the checks by name."""
