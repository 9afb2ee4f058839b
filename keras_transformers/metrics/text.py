"""Scores of texts against references: BLEU, chrF and exact match (slot `metric`)."""

from collections.abc import Sequence
from typing import Any, Literal

import sacrebleu

from ..signature import Count, register
from .metric import Metric, refuse


@register("metric", "bleu")
class Bleu(Metric):
    """Corpus BLEU by sacreBLEU, cased, 0 to 100.

    References are taken as their file has them, so that the figure can be compared with published ones.

    Reference: Post 2018, https://arxiv.org/abs/1804.08771

    Args:
        tokenize: sacreBLEU's tokenizer: `13a` for European languages, `zh` for Chinese, ...
    """

    name = "bleu"
    scores = "texts"
    verbatim = True

    def __init__(self, tokenize: Literal["13a", "intl", "zh", "char", "none"] = "13a") -> None:
        self.tokenize = tokenize
        self._metric = sacrebleu.BLEU(tokenize=tokenize)

    def __call__(self, outputs: Sequence[Any], references: Sequence[Any]) -> dict[str, Any]:
        """Return `{"bleu": score, "bleu_signature": how it was computed}`."""
        return _corpus_score(self, outputs, references)

    def each(self, outputs: Sequence[Any], references: Sequence[Any]) -> list[float] | None:
        """Return BLEU of each sentence over the n-grams that it is long enough for (sacreBLEU's `effective_order`)."""
        metric = sacrebleu.BLEU(tokenize=self.tokenize, effective_order=True)
        pairs = zip(outputs, references, strict=True)
        return [metric.sentence_score(output, [reference]).score for output, reference in pairs]

    def check(self, references: Sequence[Any], where: str, labels: Sequence[str] | None = None) -> list[str]:
        """Raise `DataError` unless a reference has four words, below which BLEU is always 0."""
        _require_text("metric/bleu", references, where)
        if not self(references, references)["bleu"]:
            refuse(
                "metric/bleu", where, "BLEU counts runs of four words, which none of its references has, and gives 0 "
                "even to a model that is always right; choose another with --set 'task.metrics=[chrf]' or "
                "'[exact_match]', or, of a language written without spaces, `tokenize: zh` or `char`."
            )  # fmt: skip
        return []


@register("metric", "chrf")
class Chrf(Metric):
    """Corpus chrF by sacreBLEU, 0 to 100: F-score of character n-grams.

    References are taken as their file has them, so that the figure can be compared with published ones.

    Reference: Popović 2015, https://aclanthology.org/W15-3049

    Args:
        order: Longest character n-gram.
    """

    name = "chrf"
    scores = "texts"
    verbatim = True

    def __init__(self, order: Count = 6) -> None:
        self.order = order
        self._metric = sacrebleu.CHRF(char_order=order)

    def __call__(self, outputs: Sequence[Any], references: Sequence[Any]) -> dict[str, Any]:
        """Return `{"chrf": score, "chrf_signature": how it was computed}`."""
        return _corpus_score(self, outputs, references)

    def check(self, references: Sequence[Any], where: str, labels: Sequence[str] | None = None) -> list[str]:
        """Raise `DataError` unless a reference has text."""
        _require_text("metric/chrf", references, where)
        return []


@register("metric", "exact_match")
class ExactMatch(Metric):
    """Share of outputs equal to their reference, 0 to 100.

    References are compared as the tokenizer writes text: accents composed and runs of spaces as one, with
    SentencePiece.
    """

    name = "exact_match"
    scores = "texts"

    def __call__(self, outputs: Sequence[Any], references: Sequence[Any]) -> dict[str, Any]:
        """Return `{"exact_match": percentage}`."""
        right = sum(output == reference for output, reference in zip(outputs, references))
        return {"exact_match": 100.0 * right / max(len(references), 1)}

    def check(self, references: Sequence[Any], where: str, labels: Sequence[str] | None = None) -> list[str]:
        """Raise `DataError` unless a reference has text."""
        _require_text("metric/exact_match", references, where)
        return []


def _corpus_score(metric: Any, outputs: Sequence[Any], references: Sequence[Any]) -> dict[str, Any]:
    score = metric._metric.corpus_score(outputs, [references]).score
    return {metric.name: score, f"{metric.name}_signature": str(metric._metric.get_signature())}


def _require_text(what: str, references: Sequence[Any], where: str) -> None:
    if not any(reference.strip() for reference in references):
        refuse(what, where, f"all of its {len(references)} references are empty; give the file of the right texts.")
