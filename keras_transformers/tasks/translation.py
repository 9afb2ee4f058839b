"""Translation: learn pairs of sentences, then say the second of each pair."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from ..data.examples import Pairs
from ..metrics.metric import Metric
from ..metrics.text import Bleu
from ..signature import AtLeast, Exactly, Given, Has, Natural, Need, Search, register
from .task import Minimized, Scored, Smoothing, Task

if TYPE_CHECKING:
    from ..data.batches.batching import Batches


@register("task", "translation")
class Translation(Task):
    """Sequence to sequence: from a sentence to its translation.

    Reference: Vaswani et al. 2017, section 5, https://arxiv.org/abs/1706.03762

    Args:
        search: Finds the output.
        label_smoothing: Probability taken from the right token and spread over the vocabulary.
        metrics: Scores of outputs against references; the first chooses the best checkpoint.
            By default BLEU.
        loss: What is minimized; none: the cross-entropy of tokens.
        start: The token that outputs begin with in training; by default, as it must be, the model's.
    """

    facts = {"learns": "tokens"}
    noun = "pairs"
    needs = (
        Need("model", Has("reads", ("source", "target"))),
        Need("model", Has("gives", "logits")),
        Need("data.batch_tokens", AtLeast("data.max_length", times=2)),
    )

    def __init__(
        self,
        search: Search,
        label_smoothing: Smoothing = 0.0,
        metrics: list[Scored] | None = None,
        loss: Minimized | None = None,
        start: Annotated[Natural, Given("model.start"), Exactly("model.start")] | None = None,
    ) -> None:
        self.search = search
        self.label_smoothing = label_smoothing
        self.metrics = metrics or [Bleu()]
        self.own_loss = loss
        self.start = start

    def texts(self, pairs: Pairs) -> Iterable[str]:
        """Return the texts that the tokenizer learns from: both sides."""
        return [*pairs.sources, *pairs.targets]

    def train_tokenizer(self, tokenizer: Any, examples: Pairs, folder: Any) -> None:
        """Let a tokenizer learn from the pairs: each side from its own texts, where it tells them apart."""
        tokenizer.train_sides(examples.sources, examples.targets, folder)

    def loss(self) -> Any:
        """Return the loss, over real tokens only."""
        from ..losses.cross_entropy import TokenCrossEntropy

        return self.own_loss or TokenCrossEntropy(label_smoothing=self.label_smoothing)

    def encode(
        self, pairs: Pairs, tokenizer: Any, batch_tokens: int, max_length: int, seed: int, name: str
    ) -> "tuple[Batches, list[str]]":
        """Return `EncodedPairs`, and sentences on what was dropped."""
        from ..data.batches.encode import encode_pairs
        from ..text.special import BOS

        start = BOS if self.start is None else self.start
        return encode_pairs(pairs, tokenizer, batch_tokens, max_length, seed, name, start)

    def serving(self, model: Any, tokenizer: Any) -> Any:
        """Return the module that is exported: `text` to `text` and `score`."""
        from ..predictors.translator import Translator

        return Translator(model, tokenizer, self.search)

    def score(self, serving: Any, pairs: Pairs) -> tuple[dict[str, Any], Sequence[Any]]:
        """Return the metrics of the module's answers to `pairs`, and the answers."""
        answers = serving(pairs.sources)["text"].numpy()
        outputs = [answer.decode("utf-8", "replace") for answer in answers]
        scores: dict[str, Any] = {}
        for metric in self.metrics:
            scores |= metric(outputs, self.references_for(metric, serving, pairs))
        return scores, outputs

    def references_for(self, metric: Any, serving: Any, pairs: Pairs) -> Sequence[Any]:
        """Return the target sentences, as the tokenizer writes them unless the metric takes them as they are."""
        tokenizer = getattr(serving, "tokenizer", None)  # a SavedModel keeps its own to itself
        return pairs.targets if tokenizer is None or _is_verbatim(metric) else tokenizer.normalize(pairs.targets)

    def references(self, pairs: Pairs) -> Sequence[Any]:
        """Return the target sentences."""
        return pairs.targets

    def notes_on_references(self, pairs: Pairs, tokenizer: Any, where: str) -> list[str]:
        """Return a sentence on targets that are not as the tokenizer writes text, and on what that does to scores."""
        written = tokenizer.normalize(pairs.targets)
        changed = [i for i, (target, text) in enumerate(zip(pairs.targets, written)) if target != text]
        if not changed:
            return []
        first = changed[0]
        note = (
            f"{where}: the tokenizer writes {len(changed)} of {len(written)} references otherwise (composed accents, "
            f"single spaces), first {pairs.targets[first]!r:.40} as {written[first]!r:.40}."
        )
        for metric in filter(_is_verbatim, self.metrics):
            most = metric(written, pairs.targets).get(metric.name)
            note += f" {metric.name} takes them as they are: a model that is always right gets {most:.2f}."
        return [note]


def _is_verbatim(metric: Any) -> bool:
    """Tell whether a metric takes references as their file has them; one of the first version does."""
    return not isinstance(metric, Metric) or metric.verbatim
