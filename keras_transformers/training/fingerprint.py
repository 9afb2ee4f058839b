"""A fingerprint of a training's data and batches, so that resuming detects changes."""

import json
from dataclasses import asdict, dataclass, fields
from typing import Self

from ..data.batches import fingerprint
from ..data.batches.batching import Batches
from .examples import Examples

_SETTINGS = {"batch_tokens": "data.batch_tokens", "max_length": "data.max_length", "seed": "seed"}


@dataclass(frozen=True)
class Fingerprint:
    """What the batches of a training are made of, in few letters; it stands in each checkpoint.

    Args:
        text: Tells the examples of the training text, as ids.
        plan: Tells how batches are made of them.
        valid: Tells the examples of the validation text; None: there is none.
        examples: How many examples the training text has.
        batches: How many batches an epoch has.
        batch_tokens: `data.batch_tokens`.
        max_length: `data.max_length`.
        seed: `seed`.
    """

    text: str
    plan: str
    valid: str | None
    examples: int
    batches: int
    batch_tokens: int
    max_length: int
    seed: int

    @classmethod
    def of(cls, examples: "Examples", train: Batches, valid: Batches | None) -> Self:
        """Return that of `Examples` and the `Batches` of their training and validation text; `valid` may be None."""
        return cls(
            text=fingerprint.of_examples(train),
            plan=fingerprint.of_plan(train),
            valid=None if valid is None else fingerprint.of_examples(valid),
            examples=len(examples.train),
            batches=train.batches,
            batch_tokens=examples.data.batch_tokens,
            max_length=examples.data.max_length,
            seed=examples.recipe.tree["seed"],
        )

    @classmethod
    def read(cls, text: str | None) -> Self | None:
        """Return what `write` wrote, or None if it is not what this version writes."""
        try:
            values = json.loads(text or "")
            return cls(**values) if set(values) == {field.name for field in fields(cls)} else None
        except (ValueError, TypeError):
            return None

    def write(self) -> str:
        """Return the fingerprint as text."""
        return json.dumps(asdict(self))

    def makes_the_batches_of(self, other: "Fingerprint") -> bool:
        """Tell whether an epoch has the same batches, in the same order, as of another fingerprint."""
        return (self.text, self.plan) == (other.text, other.plan)

    def change_from(self, before: "Fingerprint") -> str:
        """Return what makes the batches others than before, as a clause."""
        changed = [
            f"`{key}` was {getattr(before, name)} and is {getattr(self, name)}"
            for name, key in _SETTINGS.items()
            if getattr(before, name) != getattr(self, name)
        ]
        if self.text != before.text and self.max_length == before.max_length:
            counts = "" if self.examples == before.examples else f": {before.examples:,} then, {self.examples:,} now"
            changed.append(f"the training text has other examples{counts}")
        return " and ".join(changed) or "they are made otherwise of the same examples"
