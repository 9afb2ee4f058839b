"""Tagging: a label for each word, such as the names in a text."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from ..data.examples import Tagged
from ..data.labels import label_notes, settled_labels
from ..metrics.entity_f1 import EntityF1
from ..signature import AtMost, Bounds, Has, Need, Rate, register
from .task import Minimized, Scored, Task

if TYPE_CHECKING:
    from ..data.batches.batching import Batches


@register("task", "tagging")
class Tagging(Task):
    """A tag for each word of a sentence: entities, parts of speech.

    A word is labelled at its first piece. Serving takes words separated by spaces.

    Reference: Devlin et al. 2018, section 5.3, https://arxiv.org/abs/1810.04805

    Args:
        labels: The tags; by default those of the training text.
        dropout: Rate of dropout on the encoder's outputs.
        length: Longest sequence in tokens, `[CLS]` and `[SEP]` included; longer sentences are read
            in windows that overlap by half.
        metrics: Scores of tags against the right ones; the first chooses the best checkpoint. By
            default entity F1.
        loss: What is minimized; none: the cross-entropy of tags.
    """

    facts = {"learns": "tags"}
    reads = Tagged
    noun = "sentences"
    answer = "tags"
    gives = "tags"
    needs = (
        Need("model", Has("gives", "sequence")),
        Need("model", Has("reads", "segments")),
        Need("tokenizer", Has("gives", ("cls", "words"))),
    )

    def __init__(
        self,
        labels: list[str] | None = None,
        dropout: Rate = 0.1,
        length: Annotated[int, Bounds(minimum=5), AtMost("model.position.max_length")] = 256,
        metrics: list[Scored] | None = None,
        loss: Minimized | None = None,
    ) -> None:
        self.labels = labels
        self.dropout = dropout
        self.length = length
        self.metrics = metrics or [EntityF1()]
        self.own_loss = loss

    def settle(self, tagged: Tagged) -> dict[str, Any]:
        """Return the tags of the training text, unless the recipe names them."""
        found = sorted({tag for tags in tagged.tags for tag in tags}, key=lambda tag: (tag != "O", tag))
        return {"labels": settled_labels(self.labels, found)}

    def remarks(self, tagged: Tagged) -> list[str]:
        """Return how often each tag occurs, and which of them look wrong."""
        places = [
            place if number == 0 else f"{place}, word {number + 1}"
            for place, tags in zip(tagged.places, tagged.tags)
            for number in range(len(tags))
        ]
        return label_notes([tag for tags in tagged.tags for tag in tags], places, settled_labels(self.labels))

    def texts(self, tagged: Tagged) -> Iterable[str]:
        """Return the sentences."""
        return tagged.texts

    def model(self, backbone: Any) -> Any:
        from ..models.backbone import features, with_head
        from ..models.heads.tokens import require_positions, token_logits

        require_positions(backbone, self.length)
        sequence = features(backbone, "sequence", "task/tagging")
        return with_head(backbone, token_logits(sequence, len(settled_labels(self.labels)), self.dropout))

    def loss(self) -> Any:
        """Return the loss, over words."""
        from ..losses.tags import TagCrossEntropy

        return self.own_loss or TagCrossEntropy()

    def encode(
        self, tagged: Tagged, tokenizer: Any, batch_tokens: int, max_length: int, seed: int, name: str
    ) -> "tuple[Batches, list[str]]":
        """Return `Sequences`, and a sentence on long ones."""
        from ..data.batches.encode_tags import encode_tags
        from ..text.wordpiece import require_wordpiece

        require_wordpiece(tokenizer, "`task/tagging`")
        length = min(self.length, max_length)
        return encode_tags(tagged, tokenizer, settled_labels(self.labels), length, batch_tokens, seed, name)

    def serving(self, model: Any, tokenizer: Any) -> Any:
        """Return the module that is exported: `text` to `tags` and `scores`."""
        from ..predictors.tagger import Tagger

        return Tagger(model, tokenizer, settled_labels(self.labels), self.length)

    def score(self, serving: Any, tagged: Tagged) -> tuple[dict[str, Any], Sequence[Any]]:
        """Return the metrics of the tags of the sentences, and the tags."""
        answers = serving(tagged.texts)["tags"].numpy()
        outputs = [answer.decode("utf-8").split(" ") for answer in answers]
        return self.measured(outputs, self.references(tagged)), outputs

    def references(self, tagged: Tagged) -> Sequence[Any]:
        """Return the tags of each sentence."""
        return tagged.tags
