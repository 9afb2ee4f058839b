"""Runs one text through a run's model and records its attention weights.

T queries, S keys.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from ...errors import DataError, RunError
from ...files import StrPath
from ...models.backbone import backbone_of
from ...models.decodable import Decodable
from ...runs.run import Run, opened
from ...text.special import BOS, EOS, PAD
from .attention import Attention, AttentionMap
from .record import attentions, recording

MOST = 128  # tokens on a side: more could be neither read nor hovered over
Look = tuple[dict[str, np.ndarray], dict[str, tuple[list[str], list[str]]], str | None]
"""Inputs of a model, the tokens (queries, keys) of each kind of attention, and what was said."""
UNCUT = 1 << 30  # a length that cuts nothing, so that what is too long is counted


def attend(run: Run | StrPath, text: str, second: str | None = None) -> Attention:
    """Return what each head of each layer of a run's model attends to.

    Args:
        run: A `Run`, or its folder, of a translation model, of an encoder such as BERT, or of a language model.
        text: What the model reads.
        second: For an encoder the second text of a pair; for a translation model the translation to look
            at, by default the model's own; for a language model what follows the text, if anything.

    Returns:
        An `Attention`, with encoder self-attention and, for a translation model, decoder self-attention
        and cross-attention. A row of the decoder's is the token that is said there; of a language model it is all.

    Raises:
        RunError: It is not a finished run, or its attention has no weights to see.
        DataError: A text has no token, or too many to draw.
    """
    run = opened(run)
    for name, value in (("text", text), ("second", second)):
        _check_utf8(name, value)
    model, tokenizer = backbone_of(run.model()), run.tokenizer()
    look = _look_at(model)
    found = attentions(model)
    if not found:
        raise RunError(f"{run} holds a model without attention: its blocks have no layer called `attention`.")
    layers = [layer for kind in found.values() for layer in kind]
    inputs, tokens, answer = look(run, model, tokenizer, text, second)
    with recording(layers) as weights:
        model(inputs, training=False)
    seen = iter(weights)
    maps = [AttentionMap(kind, *tokens[kind], [next(seen) for _ in found[kind]]) for kind in found]
    read = text if second is None or answer is not None else f"{text} · {second}"
    return Attention(run.path.resolve().name, read, answer, maps)


def _look_at(model: Any) -> Callable[..., Look]:
    """Return how a model of this kind is looked at."""
    reads = set(model.input)
    if not isinstance(model, Decodable):
        return _encoder
    return _running if reads == {model.continues} else _translation


def _running(run: Run, model: Any, tokenizer: Any, text: str, second: str | None) -> Look:
    """Return a language model's inputs for running text, the tokens (queries, keys) of its attention, and no answer."""
    said = tokenizer.encode([text + (second or "")])[0].numpy().astype("int32")
    _check(model, said, len(said), "text")
    heard = np.concatenate([[BOS], said[:-1]]).astype("int32")
    tokens = tokenizer.pieces(said), tokenizer.pieces(heard)
    return {"tokens": heard[None]}, {"decoder": tokens}, None


def _encoder(run: Run, model: Any, tokenizer: Any, text: str, second: str | None) -> Look:
    """Return an encoder's inputs for a text or a pair, the tokens (queries, keys) of each kind, and no answer."""
    from ...text.packing import pack
    from ...text.wordpiece import require_wordpiece

    require_wordpiece(tokenizer, run, RunError)
    other = None if second is None else tf.constant([second])
    tokens, segments = pack(tokenizer, tf.constant([text]), other, max_length=UNCUT)
    ids = tokens[0].numpy()
    _check(model, ids, len(ids) - (2 if second is None else 3), "text")
    shown = tokenizer.pieces(ids)
    return {"tokens": ids[None], "segments": segments[0].numpy()[None]}, {"encoder": (shown, shown)}, None


def _translation(run: Run, model: Any, tokenizer: Any, text: str, second: str | None) -> Look:
    """Translate; return the model's inputs, the tokens (queries, keys) of each kind, and the translation.

    The inputs hold the whole translation, which passes through the decoder once more, at one stroke: by causality
    each position attends as it did step by step.
    """
    source = _ids(tokenizer.source, text)
    _check(model, source, len(source) - 1, "text")
    if second is None:
        task: Any = run.task()
        found = task.search(model, tf.constant(source[None]))
        target = _until_end(found.ids[0, 0].numpy())
    else:
        target = _ids(tokenizer.target, second)
    _check(model, target, len(target), "second")
    heard = np.concatenate([[model.start], target[:-1]]).astype("int32")
    read, said = tokenizer.source.pieces(source), tokenizer.target.pieces(target)
    answer = tokenizer.target.detokenize(tf.ragged.constant([target[target != EOS].tolist()], dtype=tf.int32))
    tokens = {"encoder": (read, read), "decoder": (said, tokenizer.target.pieces(heard)), "cross": (said, read)}
    inputs = {"source": source[None], "target": heard[None]}
    return inputs, tokens, answer.numpy()[0].decode("utf-8", "replace")


def _ids(tokenizer: Any, text: str) -> np.ndarray:
    """Return the ids of a text and the end token, int32."""
    return np.append(tokenizer.encode([text])[0].numpy(), EOS).astype("int32")


def _until_end(ids: np.ndarray) -> np.ndarray:
    """Return what was said of `ids`, the end token included."""
    ends = np.flatnonzero((ids == EOS) | (ids == PAD))
    return ids if not len(ends) else ids[: ends[0] + (ids[ends[0]] == EOS)]


def _check_utf8(name: str, text: str | None) -> None:
    """Refuse what the command line makes of bytes that are not UTF-8."""
    try:
        (text or "").encode("utf-8")
    except UnicodeEncodeError:
        raise DataError(f"`{name}` must be UTF-8 text, but is {text!a}.") from None


def _check(model: Any, ids: np.ndarray, real: int, name: str) -> None:
    """Raise unless the `ids` of a text, `real` of them its own, can be drawn, and the model reads them all."""
    if real < 1:
        raise DataError(f"`{name}` must hold a token, but has none.")
    most = min(MOST, getattr(model.embed.position, "max_length", MOST))
    if len(ids) > most:
        raise DataError(f"`{name}` must have at most {most} tokens to be drawn, but has {len(ids)}.")
