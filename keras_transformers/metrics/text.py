"""Scores of what a model says against what it should have said (slot `metric`)."""

from typing import Literal

import sacrebleu

from ..signature import Count


class Bleu:
    """Corpus BLEU by sacreBLEU, cased, 0 to 100.

    Registered as `metric/bleu`.

    Reference: Post 2018, https://arxiv.org/abs/1804.08771

    Args:
        tokenize: sacreBLEU's tokenizer: `13a` for European languages, `zh` for Chinese, ...
    """

    name = "bleu"
    scores = "texts"

    def __init__(self, tokenize: Literal["13a", "intl", "zh", "char", "none"] = "13a"):
        self.tokenize = tokenize
        self._metric = sacrebleu.BLEU(tokenize=tokenize)

    def __call__(self, outputs, references):
        """Return `{"bleu": score, "bleu_signature": how it was computed}`."""
        return _corpus_score(self, outputs, references)


class Chrf:
    """Corpus chrF by sacreBLEU, 0 to 100: F-score of character n-grams.

    Registered as `metric/chrf`.

    Reference: Popović 2015, https://aclanthology.org/W15-3049

    Args:
        order: Longest character n-gram.
    """

    name = "chrf"
    scores = "texts"

    def __init__(self, order: Count = 6):
        self.order = order
        self._metric = sacrebleu.CHRF(char_order=order)

    def __call__(self, outputs, references):
        """Return `{"chrf": score, "chrf_signature": how it was computed}`."""
        return _corpus_score(self, outputs, references)


class ExactMatch:
    """Share of outputs equal to their reference, 0 to 100.

    Registered as `metric/exact_match`.
    """

    name = "exact_match"
    scores = "texts"

    def __call__(self, outputs, references):
        """Return `{"exact_match": percentage}`."""
        right = sum(output == reference for output, reference in zip(outputs, references))
        return {"exact_match": 100.0 * right / max(len(references), 1)}


def _corpus_score(metric, outputs, references):
    score = metric._metric.corpus_score(outputs, [references]).score
    return {metric.name: score, f"{metric.name}_signature": str(metric._metric.get_signature())}
