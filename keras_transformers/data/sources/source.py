"""What every source is (slot `source`), and what those that read text files have in common."""

import abc
from collections.abc import Iterator
from typing import Any

from ...errors import DataError
from ...signature import Count, Encoding, Path
from ..examples import Tally
from .split import Part, part_of
from .text_files import TextFile, locate


class Source(abc.ABC):
    """Where the examples of a part of the data come from.

    A source of your own fills in `gives` and `read`; if it reads text files, inherit `FileSource` instead.
    """

    @property
    @abc.abstractmethod
    def gives(self) -> Any:
        """The class of its examples: `Pairs`, `Labelled`, `Tagged`, `Questions` or `Documents`."""

    @abc.abstractmethod
    def read(self, root: str | None = None) -> Any:
        """Return the examples, an instance of `gives`.

        Args:
            root: Folder that relative paths start from; by default the working directory.

        Raises:
            DataError: They cannot be read, or there are none.
        """


class FileSource(Source):
    """A source that reads text files: it finds and opens them, chooses their examples, and says what was left out.

    A source of your own fills in `gives` and `examples`, and passes its file on:

        class Reviews(FileSource):
            gives = Labelled

            def __init__(self, path: Path, **kwargs):
                super().__init__([path], **kwargs)

            def examples(self, files, tally):
                for place, line in files[0].placed():
                    stars, text = line.split(" ", 1)
                    yield LabelledText(place, stars, text)

    Args:
        paths: The files.
        encoding: How characters are written, such as `latin-1`; a byte order mark of UTF-8, UTF-16 or UTF-32
            at the beginning of a file overrides it.
        part: `all`, or one part of a set that has no parts of its own: about 5% of the examples are
            `valid`, 5% `test`, the rest `train`, always the same ones; equal texts fall in the same part.
        limit: Read no more than this many examples; none: all of them.
    """

    def __init__(
        self, paths: list[Path], encoding: Encoding = "utf-8", part: Part = "all", limit: Count | None = None
    ) -> None:
        self.paths = paths
        self.encoding = encoding
        self.part = part
        self.limit = limit

    @abc.abstractmethod
    def examples(self, files: list[TextFile], tally: Tally) -> Iterator[Any]:
        """Yield all examples of the files, such as `LabelledText`, also those without text.

        Args:
            files: A `TextFile` for each of `paths`.
            tally: A `Tally`, for what is left out or changed on the way.

        Raises:
            DataError: A file is not of the form that this source reads.
        """

    def read(self, root: str | None = None) -> Any:
        if not self.paths:
            raise DataError("`paths` must name at least one file, but is empty.")
        files = [TextFile(locate(path, root), self.encoding) for path in self.paths]
        tally, chosen = Tally(), []
        total = blank = 0
        for example in self.examples(files, tally):
            total += 1
            if example.blank:
                blank += 1
                tally.add(self.gives.noun, f"with {self.gives.lacks} dropped", example.place)
            elif self.part in ("all", part_of(example.key)):
                chosen.append(example)
                if len(chosen) == self.limit:
                    break
        if not chosen:
            raise DataError(self._nothing(files, total, blank))
        return self.gives.of(chosen, tally)

    def _nothing(self, files: list[TextFile], total: int, blank: int) -> str:
        """Return a sentence on why there is no example."""
        where, nouns = " with ".join(map(str, files)), f"{self.gives.noun}s"
        if not total:
            return f"{where} holds no {nouns}: it is empty."
        if total == blank:
            return f"{where} holds no {nouns} with text: all {total} have {self.gives.lacks}."
        return f"{where} holds no {nouns} in its part `{self.part}`: set `part` to `all`, or give a larger file."
