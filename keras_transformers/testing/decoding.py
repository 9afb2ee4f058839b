"""Checks of decoding: incremental steps agree with the full forward pass, also of beams, and are causal."""

import numpy as np

from ..layers.decoder_block import DecoderBlock
from ..layers.feed_forward import FeedForward
from ..layers.stack import Decoder
from ..models.decodable import Decodable
from ..models.stepwise import Stepwise
from .examples import SIZES, B, D, S, T, array, perturb, random

BEAMS = (
    [[0, 0], [0, 0], [0, 0]],
    [[1, 0], [0, 0], [1, 1]],
    [[1, 1], [1, 0], [0, 1]],
)
"""The beams (B, K) that those of each sentence go on from, step after step: at first there is one."""


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


class _Decoding(Stepwise):
    """A decoder as a search sees it, but that vectors go in and come out."""

    def __init__(self, decoder):
        self.decoder = decoder

    def begin_with(self, x, real, memory):
        """Return the state of sentences that have said `x` (B, T, D), each as much of it as is real."""
        given = () if memory is None else (memory,)
        state = self.decoder.begin(B, x.shape[1] + len(BEAMS) + 1, *given, ragged=real is not None)
        return self.decoder.step(x, state, self.decoder.positions(state, x.shape[1], real), real)[1]

    def step(self, x, state):
        return self.decoder.step(x, state, self.decoder.positions(state, 1))


def _attention_beams(make, slot):
    """Beams of a text go on from one another's past as texts of their own would."""
    _decoder_beams(lambda: Decoder(DecoderBlock(make(), FeedForward(SIZES["hidden_dim"])), 2), slot)


def _decoder_beams(make, slot):
    """Beams of a text go on from one another's past as texts of their own would, sharing its cache or gathered."""
    decoder = make()
    memory = random(B, S, D) if getattr(decoder, "reads_memory", True) else None
    decoder(random(B, T, D), *(() if memory is None else (memory,)))
    perturb(decoder)
    for real in (None, np.arange(T) < np.array([[2], [T], [3]])):
        shared, gathered = (_said_by_beams(_Decoding(decoder), kind, real, memory) for kind in (_Decoding, Decodable))
        whole = _said_by_the_whole_pass(decoder, real, memory)
        where = "" if real is None else ", where texts are of different lengths,"
        close(gathered, whole, f"what a beam says{where} whose past is gathered")
        close(shared, whole, f"what a beam says{where} that shares the cache of its text (`shares_beams`)")


def _said_by_beams(model, kind, real, memory):
    """Return what beams say in the steps of BEAMS, (steps, B, K, D), chosen as `kind` does it."""
    state, before, found = model.begin_with(random(B, T, D), real, memory), 1, []
    for new, parents in zip(_read_by_beams(), np.array(BEAMS, "int32")):
        state = kind.choose_beams(model, state, parents, before)
        outputs, state = model.step(new.reshape(-1, 1, D), state)
        found.append(array(outputs).reshape(new.shape))
        before = parents.shape[1]
    some = np.array([2, 0], "int32")
    state = kind.choose_sentences(model, state, some, before)
    outputs, _ = model.step(new[some].reshape(-1, 1, D), state)
    return np.stack([*found, np.concatenate([array(outputs).reshape(2, *new.shape[1:]), new[:1]])])


def _said_by_the_whole_pass(decoder, real, memory):
    """Return the same, each beam's past read at one stroke."""
    x = random(B, T, D)
    pasts = [x[row : row + 1] if real is None else x[row : row + 1, real[row]] for row in range(B)]  # (K, T, D) each
    found = []

    def said(row, new):
        """Return what the beams of a sentence say, (K, D), and all that they have read, (K, T, D)."""
        read = np.concatenate([pasts[row], new[:, None]], axis=1)
        given = () if memory is None else (np.repeat(memory[row : row + 1], len(read), axis=0),)
        return array(decoder(read, *given))[:, -1], read

    for new, parents in zip(_read_by_beams(), BEAMS):
        pasts = [past[chosen] for past, chosen in zip(pasts, parents)]
        outputs, pasts = zip(*(said(row, new[row]) for row in range(B)))
        found.append(np.stack(outputs))
    return np.stack([*found, np.stack([said(2, new[2])[0], said(0, new[0])[0], new[0]])])


def _read_by_beams():
    """Return what beams read at each step, (steps, B, K, D)."""
    return random(*np.shape(BEAMS), D)


CHECKS = {
    "attention": {"steps": _attention_steps, "reads": _attention_reads, "beams": _attention_beams},
    "decoder_block": {"future": _no_future, "steps": _block_steps},
    "decoder": {"future": _no_future, "steps": _decoder_steps, "beams": _decoder_beams},
}
"""By slot, the checks by name."""
