"""What a source of sentences with a tag for each word gives."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Tagged:
    """Sentences as words, and a tag for each word, in the order of the source.

    Args:
        words: The words of each sentence; none holds a plain space.
        tags: `tags[i][j]` belongs to `words[i][j]`.
        places: Where each sentence begins, such as `/data/train.conll:17`.
        notes: What was changed on the way, one sentence each, for the user to read.
    """

    words: list[list[str]]
    tags: list[list[str]]
    places: list[str]
    notes: list[str] = field(default_factory=list)

    def __post_init__(self):
        if [len(one) for one in self.words] != [len(one) for one in self.tags]:
            raise ValueError("`tags` must be as many as `words` in every sentence, but are not.")

    def __len__(self):
        return len(self.words)

    @property
    def texts(self):
        """The sentences as strings, their words separated by single spaces."""
        return [" ".join(words) for words in self.words]
