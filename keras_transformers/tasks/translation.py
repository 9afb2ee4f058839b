"""Translation: learn pairs of sentences, then say the second of each pair."""

from ..metrics.text import Bleu
from ..signature import AtLeast, Has, Need, Rate, Search
from .task import Scored, Task


class Translation(Task):
    """Sequence to sequence: from a sentence to its translation.

    Registered as `task/translation`.

    Reference: Vaswani et al. 2017, section 5, https://arxiv.org/abs/1706.03762

    Args:
        search: Finds the output.
        label_smoothing: Probability taken from the right token and spread over the vocabulary.
        metrics: Scores of outputs against references; the first chooses the best checkpoint.
            By default BLEU.
    """

    noun = "pairs"
    needs = (
        Need("model", Has("reads", ("source", "target"))),
        Need("model", Has("gives", "logits")),
        Need("data.batch_tokens", AtLeast("data.max_length", times=2)),
    )

    def __init__(
        self,
        search: Search,
        label_smoothing: Rate = 0.0,
        metrics: list[Scored] | None = None,
    ):
        self.search = search
        self.label_smoothing = label_smoothing
        self.metrics = metrics or [Bleu()]

    def texts(self, pairs):
        """Return the texts that the tokenizer learns from: both sides."""
        return [*pairs.sources, *pairs.targets]

    def loss(self):
        """Return the loss, over real tokens only."""
        from ..losses.cross_entropy import TokenCrossEntropy

        return TokenCrossEntropy(label_smoothing=self.label_smoothing)

    def encode(self, pairs, tokenizer, batch_tokens, max_length, seed, name):
        """Return `EncodedPairs`, and sentences on what was dropped."""
        from ..data.batches.encode import encode_pairs

        return encode_pairs(pairs, tokenizer, batch_tokens, max_length, seed, name)

    def serving(self, model, tokenizer):
        """Return the module that is exported: `text` to `text` and `score`."""
        from ..predictors.translator import Translator

        return Translator(model, tokenizer, self.search)

    def score(self, serving, pairs):
        """Return the metrics of the module's answers to `pairs`, and the answers."""
        answers = serving(pairs.sources)["text"].numpy()
        outputs = [answer.decode("utf-8", "replace") for answer in answers]
        return self.measured(outputs, pairs.targets), outputs
