"""Translation: learn pairs of sentences, then say the second of each pair."""

from ..data.encode import encode_pairs
from ..signature import Rate, slot
from ..training.loss import TokenCrossEntropy
from .metrics import Bleu
from .translator import Translator


class Translation:
    """Sequence to sequence: from a sentence to its translation.

    Registered as `task/translation`.

    Reference: Vaswani et al. 2017, section 5, https://arxiv.org/abs/1706.03762

    Args:
        search: Finds the output.
        label_smoothing: Probability taken from the right token and spread over the vocabulary.
        metrics: Scores of outputs against references; the first chooses the best checkpoint.
            By default BLEU.
    """

    def __init__(
        self,
        search: slot("search", default="greedy"),
        label_smoothing: Rate = 0.0,
        metrics: list[slot("metric")] | None = None,
    ):
        self.search = search
        self.label_smoothing = label_smoothing
        self.metrics = metrics or [Bleu()]

    def loss(self):
        """Return the loss, over real tokens only."""
        return TokenCrossEntropy(label_smoothing=self.label_smoothing)

    def texts(self, pairs):
        """Return the texts that the tokenizer learns from: both sides."""
        return [*pairs.sources, *pairs.targets]

    def encode(self, pairs, tokenizer, batch_tokens, max_length, seed, name):
        """Return what the model is trained on, and sentences on what was dropped."""
        return encode_pairs(pairs, tokenizer, batch_tokens, max_length, seed, name)

    def serving(self, model, tokenizer):
        """Return the module that is exported: strings in, strings out."""
        return Translator(model, tokenizer, self.search)

    def score(self, serving, pairs):
        """Return the metrics of the module's answers to `pairs`, and the answers."""
        answers = serving(pairs.sources)["text"].numpy()
        outputs = [answer.decode("utf-8", "replace") for answer in answers]
        scores = {}
        for metric in self.metrics:
            scores.update(metric(outputs, pairs.targets))
        return scores, outputs
