"""Encodes questions and contexts as windows with answer spans.

N questions, W windows over their contexts.
"""

from typing import Any

import numpy as np
import tensorflow as tf

from ...annotations import Tensor
from ...errors import DataError
from ...text.packing import pack
from ...text.windows import Windows, windows
from ..examples import Answer, Questions
from .batching import Ids
from .sequences import Sequences

CHUNK = 1024  # questions tokenized at a time
SPECIAL = 3  # [CLS], and [SEP] after question and context


def question_windows(
    tokenizer: Any, questions: tf.RaggedTensor, contexts: tf.RaggedTensor, length: int, stride: int, max_question: int
) -> tuple[tf.RaggedTensor, tf.RaggedTensor, Tensor, Windows]:
    """Pack questions with windows over the pieces of their contexts; in the graph.

    Args:
        tokenizer: `WordPiece`.
        questions: The questions' pieces, ragged int32 (N, None).
        contexts: The contexts' pieces, ragged int32 (N, None).
        length: Most tokens in a window, the question and special ones included.
        stride: By how many pieces a window lies behind the one before.
        max_question: Most pieces of a question; its end is cut off.

    Returns:
        Tokens and segments, ragged int32 (W, None); the place of the context's first piece in each
        window, int32 (W,); and the `Windows`.
    """
    asked = questions[:, :max_question]
    size = tf.cast(asked.row_lengths(), tf.int32)
    found = windows(contexts.row_lengths(), length - SPECIAL - size, stride)
    tokens, segments = pack(tokenizer, tf.gather(asked, found.rows), found.of(contexts), max_length=length)
    return tokens, segments, tf.gather(size, found.rows) + SPECIAL - 1, found


def encode_questions(
    questions: Questions, tokenizer: Any, shape: dict[str, int], batch_tokens: int, seed: int, name: str
) -> tuple[Sequences, list[str]]:
    """Return questions as `Sequences` of windows, labelled `start` and `end`: places, or 0 without an answer.

    Args:
        questions: `Questions`.
        tokenizer: `WordPiece`.
        shape: `length`, `stride` and `max_question`, as of `question_windows`.
        batch_tokens: Most tokens in a batch.
        seed: Seed of the order of batches.
        name: What the questions are, for messages.

    Returns:
        The `Sequences`, and sentences for the user.

    Raises:
        DataError: No question is left.
    """
    # An answer that is not at its offset cannot be learnt; the first that is, is learnt.
    answers = [next((answer for answer in right if answer.start is not None), None) for right in questions.answers]
    kept = [i for i, right in enumerate(questions.answers) if answers[i] is not None or not right]
    if not kept:
        raise DataError(f"{name}: none of the {len(questions)} questions has an answer at its offset.")
    parts = []
    for start in range(0, len(kept), CHUNK):
        rows = kept[start : start + CHUNK]
        asked = [(questions.questions[i], questions.contexts[i], answers[i]) for i in rows]
        parts.append(_encode(asked, tokenizer, shape))
    tokens, segments, starts, ends, counts, sizes = zip(*parts)
    inputs = {"tokens": Ids.of(tf.concat(tokens, axis=0)), "segments": Ids.of(tf.concat(segments, axis=0))}
    labels = {"start": np.concatenate(starts), "end": np.concatenate(ends)}
    lost = len(questions) - len(kept)
    notes = _notes(np.concatenate(counts), np.concatenate(sizes), lost, shape, name)
    return Sequences(inputs, labels, batch_tokens, seed), [*questions.notes, *notes]


def _encode(asked: list[tuple[str, str, Answer | None]], tokenizer: Any, shape: dict[str, int]) -> tuple[Any, ...]:
    """Return tokens, segments, start and end of the windows; how many each question has, and how many pieces."""
    questions, contexts, answers = (list(column) for column in zip(*asked))
    unique = {context: number for number, context in enumerate(dict.fromkeys(contexts))}
    pieces = tokenizer.tokenize_with_offsets(tf.constant(list(unique), tf.string))
    which = [unique[context] for context in contexts]
    ids, begins, ends = (tf.gather(flat, which) for flat in pieces)
    pieces = tokenizer.tokenize(tf.constant(questions, tf.string))
    tokens, segments, before, found = question_windows(tokenizer, pieces, ids, **shape)
    first, last = _spans(contexts, answers, begins, ends)
    first, last = first[found.rows.numpy()], last[found.rows.numpy()]  # (W,)
    start, size, shift = found.starts.numpy(), found.sizes.numpy(), before.numpy()
    whole = (first >= start) & (last < start + size) & (first <= last)
    labels = (np.where(whole, place - start + shift, 0).astype(np.int32) for place in (first, last))
    counts = np.bincount(found.rows.numpy(), minlength=len(questions))
    return tokens, segments, *labels, counts, pieces.row_lengths().numpy()


def _spans(
    contexts: list[str], answers: list[Answer | None], begins: tf.RaggedTensor, ends: tf.RaggedTensor
) -> np.ndarray:
    """Return the first and last piece of each answer, (N,); -1 where there is none."""
    spans = np.full((2, len(contexts)), -1)
    begins, ends, splits = begins.values.numpy(), ends.values.numpy(), begins.row_splits.numpy()
    for i, (context, answer) in enumerate(zip(contexts, answers)):
        if answer is None:
            continue
        start = len(context[: answer.start].encode("utf-8"))
        end = start + len(answer.text.encode("utf-8"))
        row = slice(splits[i], splits[i + 1])
        spans[0, i] = np.searchsorted(ends[row], start, side="right")
        spans[1, i] = np.searchsorted(begins[row], end, side="left") - 1
    return spans


def _notes(counts: np.ndarray, sizes: np.ndarray, lost: int, shape: dict[str, int], name: str) -> list[str]:
    notes = []
    if (cut := sizes > shape["max_question"]).any():
        notes.append(
            f"{name}: {int(cut.sum())} of {len(sizes)} questions are longer than `task.max_question` "
            f"({shape['max_question']} tokens) and were cut; the longest has {int(sizes.max())}."
        )
    if (counts > 1).any():
        notes.append(
            f"{name}: {int((counts > 1).sum())} of {len(counts)} questions and contexts are longer than "
            f"{shape['length']} tokens and are read in windows that overlap, {int(counts.max())} at most."
        )
    if lost:
        notes.append(f"{name}: {lost} questions are left out, none of whose answers is at its offset.")
    return notes
