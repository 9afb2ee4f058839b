"""Exact match and F1 of answers, as SQuAD's official scripts compute them (slot `metric`)."""

import collections
import re
import string
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ..signature import register
from .metric import Metric, refuse


@dataclass(frozen=True)
class Prediction:
    """What a model answers a question.

    Args:
        text: The answer, "" where it says that there is none.
        best: The best answer that is not "", for the search of the best threshold.
        no_answer: How sure it is that there is none: an answer becomes "" above a threshold.
    """

    text: str
    best: str
    no_answer: float


@register("metric", "squad")
class SquadScore(Metric):
    """Exact match and F1 of SQuAD, by the rules and under the names of its official scripts, 0 to 100.

    Reference: Rajpurkar et al. 2018, https://arxiv.org/abs/1806.03822

    Args:
        version: Whose script: `v1.1` gives `exact_match` and `f1`; `v2.0` gives `exact` and `f1`, the
            same over questions with (`HasAns_`) and without an answer (`NoAns_`), and the best
            scores that another `null_threshold` would have given; `auto`: `v2.0` if there are
            questions without an answer.
    """

    name = "f1"
    scores = "answers"

    def __init__(self, version: Literal["auto", "v1.1", "v2.0"] = "auto") -> None:
        self.version = version

    def __call__(self, outputs: Sequence[Any], references: Sequence[Any]) -> dict[str, Any]:
        """Return the scores.

        Args:
            outputs: A `Prediction` for each question.
            references: The right answers to each question, an empty list where there is none.
        """
        if self.version == "v1.1" or (self.version == "auto" and all(references)):
            return _average([output.text for output in outputs], [right or [""] for right in references])
        return _with_nulls(outputs, references)

    def each(self, outputs: Sequence[Any], references: Sequence[Any]) -> list[float] | None:
        """Return the F1 of each answer against the nearest right one; where there is none, 100 for "" and else 0."""
        return [100.0 * score for score in _raw([output.text for output in outputs], references)["f1"]]

    def check(self, references: Sequence[Any], where: str, labels: Sequence[str] | None = None) -> list[str]:
        """Raise `DataError` where version 1.1 meets questions without an answer, which it cannot score."""
        nulls = sum(not right for right in references)
        if self.version == "v1.1" and nulls:
            refuse(
                "metric/squad", where, f"{nulls} of its {len(references)} questions have no answer, of which SQuAD 1.1 "
                "knows none; set `version` to `v2.0`, or leave it out."
            )  # fmt: skip
        return []

    def perfect(self, references: Sequence[Any]) -> Sequence[Any]:
        """Return the `Prediction`s of a model that is always right."""
        return [Prediction(right[0] if right else "", "", 1.0 - bool(right)) for right in references]


def normalize_answer(text: str) -> str:
    """Return `text` in lower case without punctuation, articles and superfluous white space."""
    text = "".join(character for character in text.lower() if character not in string.punctuation)
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", text).split())


def exact_match(output: str, reference: str) -> int:
    """Return 1 if the two are the same answer, else 0."""
    return int(normalize_answer(output) == normalize_answer(reference))


def f1_score(output: str, reference: str, empty: float = 0) -> float:
    """Return the F1 of the words of `output` against those of `reference`.

    Args:
        output: The answer.
        reference: The right answer.
        empty: The score where both have no words: 0 in SQuAD 1.1, 1 in 2.0.
    """
    ours, theirs = normalize_answer(output).split(), normalize_answer(reference).split()
    if not ours and not theirs:
        return empty
    same = sum((collections.Counter(ours) & collections.Counter(theirs)).values())
    if not same:
        return 0
    precision, recall = same / len(ours), same / len(theirs)
    return 2 * precision * recall / (precision + recall)


def _average(outputs: Sequence[Any], references: Sequence[Any]) -> dict[str, Any]:
    """Return the scores of SQuAD 1.1."""
    count = max(len(outputs), 1)
    rows = list(zip(outputs, references))
    exact = sum(max(exact_match(output, answer) for answer in right) for output, right in rows)
    f1 = sum(max(f1_score(output, answer) for answer in right) for output, right in rows)
    return {"exact_match": 100.0 * exact / count, "f1": 100.0 * f1 / count}


def _with_nulls(outputs: Sequence[Any], references: Sequence[Any]) -> dict[str, Any]:
    """Return the scores of SQuAD 2.0."""
    answerable = [bool(right) for right in references]
    raw = _raw([output.text for output in outputs], references)
    scores = _means(raw, range(len(outputs)), "")
    scores |= _means(raw, [i for i, known in enumerate(answerable) if known], "HasAns_")
    scores |= _means(raw, [i for i, known in enumerate(answerable) if not known], "NoAns_")
    spans = [output.best for output in outputs]
    for name, values in _raw(spans, references).items():
        best, threshold = best_threshold(spans, values, [output.no_answer for output in outputs], answerable)
        scores |= {f"best_{name}": best, f"best_{name}_thresh": threshold}
    return scores


def _raw(outputs: Sequence[Any], references: Sequence[Any]) -> dict[str, list[float]]:
    """Return both scores of each question, the best over its right answers."""
    scores: dict[str, list[float]] = {"exact": [], "f1": []}
    for output, right in zip(outputs, references):
        right = [answer for answer in right if normalize_answer(answer)] or [""]
        scores["exact"].append(max(exact_match(output, answer) for answer in right))
        scores["f1"].append(max(f1_score(output, answer, empty=1) for answer in right))
    return scores


def _means(raw: dict[str, list[float]], rows: Sequence[int], prefix: str) -> dict[str, Any]:
    if not rows:
        return {}
    means = {f"{prefix}{name}": 100.0 * sum(values[i] for i in rows) / len(rows) for name, values in raw.items()}
    return {**means, f"{prefix}total": len(rows)}


def best_threshold(
    outputs: Sequence[Any], scores: Sequence[float], no_answer: Sequence[float], answerable: Sequence[bool]
) -> tuple[float, float]:
    """Return the best mean score that a threshold can give, 0 to 100, and that threshold.

    Args:
        outputs: The answers.
        scores: The score of each.
        no_answer: An answer counts as "" where this is above the threshold.
        answerable: Whether each question has an answer.
    """
    total: float = len(answerable) - sum(answerable)  # with every answer ""
    best, threshold = total, 0.0
    for i in sorted(range(len(outputs)), key=lambda i: no_answer[i]):
        total += scores[i] if answerable[i] else -bool(outputs[i])
        if total > best:
            best, threshold = total, no_answer[i]
    return 100.0 * best / max(len(outputs), 1), float(threshold)
