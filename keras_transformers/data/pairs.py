"""What every source of training text gives."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Pairs:
    """Sentences and what the model shall make of them, in the order of the source.

    Args:
        sources: Input sentences.
        targets: Output sentences; `targets[i]` belongs to `sources[i]`.
        notes: What was dropped on the way, one sentence each, for the user to read.
    """

    sources: list[str]
    targets: list[str]
    notes: list[str] = field(default_factory=list)

    def __post_init__(self):
        if len(self.sources) != len(self.targets):
            raise ValueError(
                f"`targets` must be as many as `sources` ({len(self.sources)}), but are {len(self.targets)}."
            )

    def __len__(self):
        return len(self.sources)
