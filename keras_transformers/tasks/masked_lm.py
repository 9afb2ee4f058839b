"""Pre-training: say which tokens are hidden, and whether one text follows another."""

import math
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from ..data.examples import Documents
from ..errors import DataError, RecipeError
from ..signature import AtLeast, Bounds, Count, Fraction, Has, Need, register
from .task import Task

if TYPE_CHECKING:
    from ..data.batches.batching import Batches

_SHORTEST = 8  # room for two texts of two tokens
_LARGEST_EXPONENT = math.log(sys.float_info.max)  # beyond it `math.exp` raises


@register("task", "masked_lm")
class MaskedLanguageModel(Task):
    """BERT's pre-training on running text; then, filling in `[MASK]`.

    Which tokens are hidden, and which texts are paired, is drawn anew in each epoch.

    Reference: Devlin et al. 2018, section 3.1, https://arxiv.org/abs/1810.04805

    Args:
        next_sentence: Also judge whether the second text follows the first, of pairs of which half
            do; else text is packed to the full length, across documents.
        whole_word: Hide words with all their pieces instead of single pieces.
        rate: Share of the tokens that is hidden.
        length: Longest sequence in tokens, `[CLS]` and `[SEP]` included; `data.max_length` may be less.
        top: How many pieces are proposed for each `[MASK]`.
    """

    reads = Documents
    noun = "documents"
    gives = "tokens"
    needs = (
        Need("model", Has("gives", ("sequence", "pooled"))),
        Need("model", Has("reads", "segments")),
        Need("model.segments", AtLeast(2, when="next_sentence")),
        Need("tokenizer", Has("gives", ("cls", "mask"))),
        Need("data.max_length", AtLeast(_SHORTEST)),
    )
    monitor = "val_mlm_loss"
    scores_model = True

    def __init__(
        self,
        next_sentence: bool = True,
        whole_word: bool = False,
        rate: Fraction = 0.15,
        length: Annotated[int, Bounds(minimum=_SHORTEST)] = 128,
        top: Count = 5,
    ) -> None:
        self.next_sentence = next_sentence
        self.whole_word = whole_word
        self.rate = rate
        self.length = length
        self.top = top

    def texts(self, documents: Documents) -> Iterable[str]:
        """Return all sentences."""
        return documents.texts

    def model(self, backbone: Any) -> Any:
        """Return the model with the heads of pre-training."""
        from ..models.backbone import require_segments
        from ..models.heads.pretraining import MaskedLM

        if not isinstance(backbone.output, dict) or not {"sequence", "pooled"} <= set(backbone.output):
            raise RecipeError(
                "`task/masked_lm` needs a model with the outputs `sequence` and `pooled`, such as `model/bert`, "
                f"not a {type(backbone).__name__}."
            )
        if self.next_sentence:
            require_segments(backbone, "task/masked_lm")
        return MaskedLM(backbone, self.next_sentence)

    def loss(self) -> Any:
        """Return the loss of masked tokens plus, if asked for, that of the next sentence."""
        from ..losses.masked_tokens import PretrainingLoss

        return PretrainingLoss()

    def encode(
        self, documents: Documents, tokenizer: Any, batch_tokens: int, max_length: int, seed: int, name: str
    ) -> "tuple[Batches, list[str]]":
        """Return `MaskedPairs` or `MaskedBlocks`, and sentences on what was dropped."""
        from ..data.batches.batching import Ids
        from ..data.batches.chunks import Text, blocks
        from ..data.batches.encode import tokenize
        from ..data.batches.masked import MaskedBlocks, MaskedPairs
        from ..data.batches.masking import Pieces
        from ..text.wordpiece import require_wordpiece

        require_wordpiece(tokenizer, "`task/masked_lm`")
        pieces = Pieces.of(tokenizer)
        counts = [len(sentences) for sentences in documents.sentences]
        text = Text.of(Ids.of(tokenize(documents.texts, tokenizer)), counts)
        if not len(text.ends):
            raise DataError(f"{name}: there is no text in {len(documents)} documents; give other files.")
        if max_length < _SHORTEST:
            raise DataError(f"`data.max_length` must be at least {_SHORTEST}, but is {max_length}.")
        length = min(self.length, max_length)
        options: dict[str, Any] = {"seed": seed, "rate": self.rate, "whole_word": self.whole_word}
        entropy = _entropy(text.ids.flat)
        notes = [*documents.notes, f"{name}: the unigram entropy is {entropy:.2f} nats a token."]
        if not self.next_sentence:
            return MaskedBlocks(blocks(text, length - 2, pieces.sep), pieces, batch_tokens, **options), notes
        longest = (length - 3) // 2
        long = int(np.count_nonzero(text.ids.lengths > longest))
        text = text.cut(longest)
        chunks = text.chunks(length - 3)
        used = len(np.unique(text.ends[chunks[:, 0]]))
        if used < 2:
            raise DataError(
                f"{name}: pairs of sentences need at least two documents of two sentences, but there are "
                f"{used} among {len(documents)}; add text, separate documents by blank lines, or train "
                "without pairs: --set task.next_sentence=false."
            )
        notes += _pair_notes(long, longest, len(documents) - used, len(documents), name)
        return MaskedPairs(text, chunks, pieces, length, batch_tokens, **options), notes

    def serving(self, model: Any, tokenizer: Any) -> Any:
        """Return the module that fills in `[MASK]`."""
        from ..models.backbone import longest_input
        from ..predictors.mask_filler import FillMask

        return FillMask(model, tokenizer, min(self.length, longest_input(model)), self.top)

    def score(self, serving: Any, documents: Documents) -> tuple[dict[str, Any], Sequence[Any]]:
        """Return loss, accuracy and perplexity of masked tokens, and the accuracy of the next sentence.

        What is hidden is drawn, the same in each call.
        """
        encoded, _ = self.encode(documents, serving.tokenizer, 4096, serving.length, 0, "data")
        totals: dict[str, np.ndarray] = {}
        for inputs, labels in encoded.dataset():
            for name, pair in self.loss().measures(labels, serving.model(inputs, training=False)).items():
                totals[name] = totals.get(name, 0.0) + np.array(pair, np.float64)
        scores = {name: float(amount / max(count, 1.0)) for name, (amount, count) in totals.items()}
        loss = scores["mlm_loss"]
        scores["mlm_perplexity"] = math.inf if loss > _LARGEST_EXPONENT else math.exp(loss)
        return scores, []


def _pair_notes(long: int, longest: int, alone: int, count: int, name: str) -> list[str]:
    notes = []
    if long:
        notes.append(f"{name}: {long} sentences are longer than {longest} tokens and were cut into such of {longest}.")
    if alone:
        notes.append(f"{name}: {alone} of {count} documents have less than two sentences and were left out of pairs.")
    return notes


def _entropy(ids: np.ndarray) -> float:
    """Return the entropy in nats of the distribution of ids."""
    counts = np.unique(ids, return_counts=True)[1]
    share = counts / counts.sum()
    return float(-(share * np.log(share)).sum())
