"""Extractive question answering over contexts of any length.

N questions, P pieces of all contexts, W windows, B windows read together, T their length, A longest
answer in pieces, K spans kept.
"""

from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from ..annotations import Tensor
from ..data.batches.encode_spans import question_windows
from ..models.heads.tokens import NEVER
from .batched import in_batches
from .predictor import Predictor


@dataclass(frozen=True)
class Limits:
    """What an answer may be.

    Args:
        max_answer: A.
        n_best: K.
        null_threshold: The answer is "" if [CLS] is better than the best span by more than this;
            None: there is always an answer.
    """

    max_answer: int
    n_best: int
    null_threshold: float | None


class QuestionAnswerer(Predictor):
    """Finds the answers to any number of questions in contexts of any length.

    A context too long for the model is read in windows that overlap. Of all spans of whole words, at
    most A pieces, in all windows, the K best are kept, by the sum of the logits of first and last
    piece; a span counts in the window where its first piece has the most context.

    Source: Devlin et al. 2018, sections 4.2 and 4.3, https://arxiv.org/abs/1810.04805

    Args:
        model: From `tokens` and `segments` to logits `start` and `end` (B, T).
        tokenizer: A `WordPiece`.
        shape: `length`, `stride` and `max_question`, as of `question_windows`.
        limits: `Limits` of an answer.
    """

    def __init__(self, model: Any, tokenizer: Any, shape: dict[str, int], limits: Limits) -> None:
        super().__init__(model, tokenizer)
        self.shape = _Frozen(shape)
        self.limits = limits
        self.continues = tf.constant(tokenizer.continues)

    @tf.function(
        input_signature=[
            tf.TensorSpec((None,), tf.string, name="question"),
            tf.TensorSpec((None,), tf.string, name="context"),
        ]
    )
    def __call__(self, question: Tensor, context: Tensor) -> dict[str, Tensor]:
        """Answer each `question`, string (N,), from its `context`, string (N,).

        Returns:
            `answer`, string (N,): a piece of the context, or "" for none; `score`, float32 (N,): its
            probability among the best; `start` and `end`, int32 (N,): where it lies in the context,
            in characters, -1 for none; `answers`, string (N, K), and `scores`, float32 (N, K): the
            best, all different, the best first, "" with 0 where there are fewer; `no_answer`, float32
            (N,): by how much [CLS] is better than the best span.
        """
        pieces, begins, ends = self.tokenizer.tokenize_with_offsets(context)
        logits, first, last, nulls = self._spans(question, pieces)
        # One more, for the pieces of spans that are none, where a context has fewer than K.
        begins, ends = (tf.concat([tf.cast(places.values, tf.int32), [0]], axis=0) for places in (begins, ends))
        found = logits > NEVER / 2
        begin = tf.where(found, tf.gather(begins, first), 0)
        size = tf.where(found, tf.gather(ends, last) - begin, 0)
        texts = tf.strings.substr(tf.repeat(context[:, None], self.limits.n_best, axis=1), begin, size)
        logits = tf.where(_repeated(texts), NEVER, logits)
        return self._answers(context, texts, begin[:, 0], logits, nulls)

    def _answers(
        self, context: Tensor, texts: Tensor, begin: Tensor, logits: Tensor, nulls: Tensor
    ) -> dict[str, Tensor]:
        """Return the outputs, given the best spans (N, K), where the best begins and [CLS]'s logit (N,)."""
        no_answer = nulls - logits[:, 0]
        threshold = self.limits.null_threshold
        silent = tf.zeros_like(no_answer, tf.bool) if threshold is None else no_answer > threshold
        rival = tf.fill(tf.shape(nulls), NEVER) if threshold is None else nulls
        probability = _softmax(tf.concat([logits, rival[:, None]], axis=1))  # (N, K + 1)
        answer = tf.where(silent, "", texts[:, 0])
        scores, which = tf.math.top_k(probability, self.limits.n_best)
        best = tf.gather(tf.concat([texts, tf.fill(tf.shape(rival[:, None]), "")], axis=1), which, batch_dims=1)
        start = tf.strings.length(tf.strings.substr(context, tf.zeros_like(begin), begin), unit="UTF8_CHAR")
        start = tf.where(answer == "", -1, start)
        return {
            "answer": answer,
            "score": tf.where(silent, probability[:, -1], probability[:, 0]),
            "start": start,
            "end": tf.where(answer == "", -1, start + tf.strings.length(answer, unit="UTF8_CHAR")),
            "answers": tf.where(scores > 0, best, ""),
            "scores": scores,
            "no_answer": no_answer,
        }

    def _spans(self, question: Tensor, pieces: tf.RaggedTensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return the best spans of each question's windows together.

        Returns:
            Their logits, float32 (N, K), best first; their first and last pieces among the P, int32
            (N, K); and the logits of [CLS], float32 (N,), the least of the windows'.
        """
        asked = self.tokenizer.tokenize(question)
        tokens, segments, before, windows = question_windows(self.tokenizer, asked, pieces, **self.shape.items)
        first, last = self._edges(pieces)
        roles = windows.own() * windows.of(first) * BEGINS + windows.of(last) * ENDS
        roles = tf.concat([_repeat(OTHER, before), roles, _repeat(OTHER, tf.ones_like(before))], axis=1)
        specs = {name: tf.TensorSpec((None, self.limits.n_best), kind) for name, kind in SPANS.items()}
        inputs = {"tokens": tokens, "segments": segments, "roles": roles}
        spans = in_batches(self._best, inputs, {**specs, "null": tf.TensorSpec((None,), tf.float32)})
        # From places in a window to places among all pieces.
        shift = tf.cast(tf.gather(pieces.row_starts(), windows.rows), tf.int32) + windows.starts - before
        count = pieces.nrows(tf.int32)
        nulls = tf.math.unsorted_segment_min(spans["null"], windows.rows, count)
        table = [spans["logit"], spans["first"] + shift[:, None], spans["last"] + shift[:, None]]
        table = [_joined(values, windows.rows, count, fill) for values, fill in zip(table, (NEVER, 0, 0))]
        logits, which = tf.math.top_k(table[0], self.limits.n_best)
        first, last = (tf.gather(values, which, batch_dims=1) for values in table[1:])
        end = tf.size(pieces.values)
        return logits, tf.clip_by_value(first, 0, end), tf.clip_by_value(last, 0, end), nulls

    def _edges(self, pieces: tf.RaggedTensor) -> tuple[tf.RaggedTensor, tf.RaggedTensor]:
        """Return 1 where a word begins, and 1 where one ends, else 0, ragged int32 (N, None)."""
        first = pieces.with_values(tf.cast(~tf.gather(self.continues, pieces.values), tf.int32))
        after = tf.RaggedTensor.from_uniform_row_length(tf.ones([pieces.nrows()], tf.int32), 1)
        starts = tf.concat([first, after], axis=1)  # a word ends where the next piece begins one
        return first, pieces.with_values(starts[:, 1:].values)

    def _best(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        """Return the best spans of windows: their logits, and the places of first and last piece, (B, K)."""
        roles, longest, kept = inputs.pop("roles"), self.limits.max_answer, self.limits.n_best
        logits = self.model(inputs, training=False)
        start = tf.where(roles >= BEGINS, logits["start"], NEVER)
        end = tf.where(roles % BEGINS == ENDS, logits["end"], NEVER)
        end = tf.pad(end, [[0, 0], [0, longest - 1]], constant_values=NEVER)
        pairs = start[:, :, None] + tf.signal.frame(end, longest, 1, axis=1)  # (B, T, A): by first piece and size
        pairs = tf.reshape(pairs, [tf.shape(roles)[0], tf.shape(roles)[1] * longest])
        logit, which = tf.math.top_k(tf.pad(pairs, [[0, 0], [0, kept]], constant_values=NEVER), kept)
        first = which // longest
        null = logits["start"][:, 0] + logits["end"][:, 0]
        return {"logit": logit, "first": first, "last": first + which % longest, "null": null}


SPANS = {"logit": tf.float32, "first": tf.int32, "last": tf.int32}
OTHER, ENDS, BEGINS = 0, 1, 2  # a token's roles, to be added: a span may end with it, may begin with it


@dataclass(frozen=True)
class _Frozen:
    """Keeps a dict from `tf.Module`, which would wrap it."""

    items: dict[str, int]


def _repeat(value: Tensor, counts: Tensor) -> tf.RaggedTensor:
    """Return `value` as many times as `counts` (N,) says, ragged int32 (N, None)."""
    return tf.RaggedTensor.from_row_lengths(tf.fill([tf.reduce_sum(counts)], value), tf.cast(counts, tf.int64))


def _joined(values: Tensor, rows: Tensor, count: Tensor, fill: float) -> Tensor:
    """Return the values (W, K) of windows over `count` texts side by side, (N, windows · K + K), after them `fill`."""
    table = tf.RaggedTensor.from_value_rowids(values, tf.cast(rows, tf.int64), tf.cast(count, tf.int64)).to_tensor(fill)
    width = values.shape[1]
    table = tf.reshape(table, [count, tf.shape(table)[1] * width])
    return tf.pad(table, [[0, 0], [0, width]], constant_values=fill)


def _repeated(texts: Tensor) -> Tensor:
    """Return which texts (N, K) are equal to one before them in their row."""
    width = texts.shape[1]
    before = tf.linalg.band_part(tf.ones((width, width), tf.bool), -1, 0) & ~tf.eye(width, dtype=tf.bool)
    return tf.reduce_any((texts[:, :, None] == texts[:, None, :]) & before, axis=2)


def _softmax(logits: Tensor) -> Tensor:
    """Return the softmax over the last axis, 0 for what cannot be chosen, even where nothing can."""
    weights = tf.exp(logits - tf.reduce_max(logits, axis=-1, keepdims=True)) * tf.cast(logits > NEVER / 2, tf.float32)
    return tf.math.divide_no_nan(weights, tf.reduce_sum(weights, axis=-1, keepdims=True))
