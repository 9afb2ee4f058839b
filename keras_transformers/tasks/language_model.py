"""Language modelling: say each token of running text from those before it; then, go on from prompts."""

import math
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from ..data.examples import Documents
from ..errors import DataError
from ..signature import Absent, AtLeast, AtMost, Bounds, Has, Need, Search, register
from .task import Minimized, Smoothing, Task

if TYPE_CHECKING:
    from ..data.batches.batching import Batches

_LARGEST_EXPONENT = math.log(sys.float_info.max)  # beyond it `math.exp` raises
_SCORED_TOKENS = 8192  # in a batch of scores


@register("task", "language_model")
class LanguageModeling(Task):
    """From the tokens so far to the next one, on running text in full rows.

    Scores are of the text itself, so that models with different tokenizers compare: `bits_per_byte` and `bits_per_word`
    are what the model needs for a byte of UTF-8, and for what stands between white space, documents' ends included.

    Reference: Radford et al. 2019 (GPT-2), section 2.1

    Args:
        search: Finds how a prompt goes on.
        length: Length of rows in tokens; `data.max_length` may be less.
        label_smoothing: Probability taken from the right token and spread over the vocabulary.
        loss: What is minimized; none: the cross-entropy of tokens.
    """

    reads = Documents
    noun = "documents"
    gives = "tokens"
    facts = {"learns": "tokens"}
    needs = (
        Need("model", Has("reads", "tokens")),
        Need("model", Has("gives", "logits")),
        Need("tokenizer.sample", Absent()),
        Need("model.decoder.layers", AtLeast("training.freeze", plus=1)),  # it has no head that would learn
    )
    monitor = "val_loss"
    scores_model = True

    def __init__(
        self,
        search: Search,
        length: Annotated[int, Bounds(minimum=2), AtMost("model.position.max_length")] = 256,
        label_smoothing: Smoothing = 0.0,
        loss: Minimized | None = None,
    ) -> None:
        self.search = search
        self.length = length
        self.label_smoothing = label_smoothing
        self.own_loss = loss

    def texts(self, documents: Documents) -> Iterable[str]:
        """Return the lines of all documents, with their ends."""
        return [line for text in documents.running for line in text.splitlines(keepends=True)]

    def loss(self) -> Any:
        """Return the loss of each token."""
        from ..losses.cross_entropy import TokenCrossEntropy

        return self.own_loss or TokenCrossEntropy(label_smoothing=self.label_smoothing)

    def encode(
        self, documents: Documents, tokenizer: Any, batch_tokens: int, max_length: int, seed: int, name: str
    ) -> "tuple[Batches, list[str]]":
        """Return `PackedText`, and a sentence on what the tokenizer does not keep."""
        from ..data.batches.packed import PackedText

        packed = PackedText.of(_ids(documents, tokenizer, name), min(self.length, max_length), batch_tokens, seed)
        return packed, list(documents.notes)

    def notes_on_references(self, documents: Documents, tokenizer: Any, where: str) -> list[str]:
        """Return a sentence on documents that their ids do not give back."""
        changed = _changed(documents.running, tokenizer)
        if not changed:
            return []
        return [
            f"{where}: of {len(changed)} of {len(documents)} documents the tokenizer does not keep the very text, so "
            "there are no bits per byte or word; `tokenizer/sentencepiece` does with `lossless: true`."
        ]

    def serving(self, model: Any, tokenizer: Any) -> Any:
        """Return the module that is exported: prompts, `text`, to what follows, `text` and `score`."""
        from ..models.backbone import longest_input
        from ..predictors.completer import Completer

        return Completer(model, tokenizer, self.search, min(self.length, longest_input(model, self.length)))

    def score(self, serving: Any, documents: Documents) -> tuple[dict[str, Any], Sequence[Any]]:
        """Return loss, perplexity, and the bits that the text takes.

        Each token is said from half a row of text before it at least, or from all that there is.
        """
        from ..data.batches.packed import PackedText
        from ..losses.cross_entropy import TokenCrossEntropy

        ids = _ids(documents, serving.tokenizer, "data")
        packed = PackedText.of(ids, serving.length, _SCORED_TOKENS, overlap=serving.length // 2)
        loss, nats, count = TokenCrossEntropy(), 0.0, 0.0
        for inputs, labels in packed.dataset():
            total, real = loss.totals(labels, serving.model(inputs, training=False))
            nats, count = nats + float(total), count + float(real)
        mean = nats / count
        scores = {"loss": mean, "perplexity": math.inf if mean > _LARGEST_EXPONENT else math.exp(mean)}
        if not _changed(documents.running, serving.tokenizer):
            bits = nats / math.log(2)
            scores["bits_per_byte"] = bits / sum(len(text.encode()) for text in documents.running)
            scores["bits_per_word"] = bits / sum(len(text.split()) for text in documents.running)
        return scores, []


def _ids(documents: Documents, tokenizer: Any, name: str) -> Any:
    """Return the `Ids` of each document.

    Raises:
        DataError: There are none.
    """
    from ..data.batches.batching import Ids
    from ..data.batches.encode import tokenize

    ids = Ids.of(tokenize(documents.running, tokenizer))
    if not len(ids.flat):
        raise DataError(f"{name}: there is no text in {len(documents)} documents; give other files.")
    return ids


def _changed(texts: list[str], tokenizer: Any) -> list[int]:
    """Return the numbers of the texts that their ids do not give back."""
    from ..data.batches.encode import tokenize

    written = tokenizer.detokenize(tokenize(texts, tokenizer)).numpy()
    return [number for number, (text, back) in enumerate(zip(texts, written)) if text.encode() != back]
