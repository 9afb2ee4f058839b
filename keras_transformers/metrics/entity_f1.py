"""Scores of tags against the right ones (slot `metric`)."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from ..signature import register
from .metric import Metric, refuse
from .tag_schemes import Reading, Scheme, read_tags

_TAG_ACCURACY = "--set 'task.metrics=[tag_accuracy]'"
_IO = "--set 'task.metrics=[{type: entity_f1, scheme: io}]'"


@register("metric", "entity_f1")
class EntityF1(Metric):
    """Entity F1, micro-averaged, 0 to 100: an entity counts if its type and both ends are right.

    Counted as the shared task's `conlleval` does, whatever the scheme, with types before or after the letter. Tags
    that are no entities', such as parts of speech, are refused: `tag_accuracy` scores them.

    Reference: Tjong Kim Sang and De Meulder 2003, https://arxiv.org/abs/cs/0306050

    Args:
        scheme: How tags write entities; `auto`: any but `io`, recognised from the tags. References must keep to one
            that is named. `io`: a tag is a type without a letter, and words of one type that stand together are
            one entity.
    """

    name = "entity_f1"
    scores = "tags"

    def __init__(
        self, scheme: Literal["auto", "iob1", "iob2", "ioe1", "ioe2", "bioes", "bilou", "bmes", "io"] = "auto"
    ) -> None:
        self.scheme = scheme

    def __call__(self, outputs: Sequence[Any], references: Sequence[Any]) -> dict[str, Any]:
        """Return F1, precision and recall of all entities, the F1 of each type in one string, and the scheme.

        Args:
            outputs: For each sentence, the list of its tags.
            references: The right tags, as many in each sentence.

        Raises:
            DataError: The tags are no entities'.
        """
        reading = self._read([*references, *outputs], references, "these sentences")
        right, said, wanted = Counter[str](), Counter[str](), Counter[str]()
        for output, reference in zip(outputs, references):
            ours, theirs = (set(reading.entities(tags)) for tags in (output, reference))
            for counter, entities in ((right, ours & theirs), (said, ours), (wanted, theirs)):
                counter.update(kind for kind, *_ in entities)
        kinds = sorted(said.keys() | wanted.keys())
        by_type = [f"{kind or 'entity'} {_f1(right[kind], said[kind] + wanted[kind]):.1f}" for kind in kinds]
        return {
            "entity_f1": _f1(right.total(), said.total() + wanted.total()),
            "entity_precision": _share(right.total(), said.total()),
            "entity_recall": _share(right.total(), wanted.total()),
            "entity_f1_by_type": ", ".join(by_type),
            "entity_f1_scheme": str(reading.scheme),
        }

    def each(self, outputs: Sequence[Any], references: Sequence[Any]) -> list[float] | None:
        """Return the F1 of each sentence, read in the scheme of all; 100 where there is no entity, and none is said."""
        reading = self._read([*references, *outputs], references, "these sentences")
        pairs = [[set(reading.entities(tags)) for tags in pair] for pair in zip(outputs, references, strict=True)]
        return [_f1(len(ours & theirs), len(ours) + len(theirs)) if ours or theirs else 100.0 for ours, theirs in pairs]

    def check(self, references: Sequence[Any], where: str, labels: Sequence[str] | None = None) -> list[str]:
        """Raise `DataError` unless the tags are entities', of which there is one; say how they are read."""
        if labels is not None:
            self._read([labels], [], "the training text")
        reading = self._read(references, references, where)
        count = sum(len(reading.entities(tags)) for tags in references)
        if not count:
            why = f"its {len(references)} sentences hold no entity; give text that does, or choose {_TAG_ACCURACY}."
            refuse("metric/entity_f1", where, why)
        broken = [(tags, word) for tags in references if (word := reading.broken(tags)) is not None]
        if not broken:
            return [f"{where}: entities in the scheme {reading.scheme}: {count}."]
        tags, word = broken[0]
        first = f"first in `{' '.join(tags[max(word - 1, 0) : word + 2])}`"
        if self.scheme != "auto":
            refuse(
                "metric/entity_f1", where, f"{len(broken)} of its {len(references)} sentences break the scheme "
                f"`{self.scheme}`, {first}; with `scheme: auto` they are read as conlleval does."
            )  # fmt: skip
        return [
            f"{where}: entities in the scheme {reading.scheme}, read as conlleval does where {len(broken)} of "
            f"{len(references)} sentences break it, {first}: {count}."
        ]

    def _read(self, sentences: Iterable[Sequence[str]], references: Sequence[Any], where: str) -> Reading:
        """Return the `Reading` of all tags of `sentences`, or refuse them."""
        scheme = None if self.scheme == "auto" else Scheme(self.scheme)
        reading = read_tags((tag for tags in sentences for tag in tags), references, scheme)
        if reading.strange:
            shown = ", ".join(f"`{tag}`" for tag in reading.strange[:5]) + " …" * (len(reading.strange) > 5)
            other = f"or, if words of one tag that stand together are an entity, {_IO}"
            kind = "entities (such as `B-PER`, `I-PER` and `O`)"
            if scheme is not None:
                other, kind = "or let `scheme: auto` find how they are written", f"the scheme `{scheme}`"
            why = f"among its tags are {shown}, which are none of {kind}; choose {_TAG_ACCURACY}, {other}."
            refuse("metric/entity_f1", where, why)
        return reading


@register("metric", "tag_accuracy")
class TagAccuracy(Metric):
    """Share of words with the right tag, 0 to 100."""

    name = "tag_accuracy"
    scores = "tags"

    def __call__(self, outputs: Sequence[Any], references: Sequence[Any]) -> dict[str, Any]:
        """Return `{"tag_accuracy": percentage}` of lists of tags for each sentence; a word without a tag is wrong."""
        right = sum(ours == theirs for both in zip(outputs, references) for ours, theirs in zip(*both))
        return {"tag_accuracy": _share(right, sum(len(tags) for tags in references))}


def _f1(right: float, both: float) -> float:
    """Return the F1 in percent, given how many entities were said and wanted together."""
    return _share(2 * right, both)


def _share(part: float, whole: float) -> float:
    """Return the part of the whole in percent; 0 of nothing."""
    return 100.0 * part / whole if whole else 0.0
