"""A built-in set with labels: from which package of Python's standard library a docstring is."""

import hashlib
from collections import Counter
from functools import cache

from ...errors import DataError
from ...signature import Count, register
from ..examples import Labelled
from .python_docs import docstrings
from .source import Source
from .split import Part, part_of

_WORDS = 4  # a shorter docstring says too little
_PERCENT_VALID, _PERCENT_TEST = 10, 30


@register("source", "python_packages")
class PythonPackages(Source):
    """Docstrings of this Python's standard library, each labelled with its top-level package.

    Docstrings of fewer than four words are left out, and so is any that another equals. About 60%
    are `train`, 10% `valid`, 30% `test`, always the same ones; their order is that of a hash, so
    that the first few are of all packages.

    Args:
        part: Which docstrings.
        least: Packages with fewer docstrings than this are left out.
        limit: Read no more than this many docstrings; none: all of them.
    """

    gives = Labelled
    facts = {"holds": "single texts"}

    def __init__(self, part: Part = "all", least: Count = 100, limit: Count | None = None) -> None:
        self.part = part
        self.least = least
        self.limit = limit

    def read(self, root: str | None = None) -> Labelled:
        """Return `Labelled`.

        Args:
            root: Has no meaning here; there are no files to find.

        Raises:
            DataError: No package has so many docstrings.
        """
        counts = Counter(package for _, package, _ in _examples())
        chosen = [
            example
            for example in _examples()
            if counts[example[1]] >= self.least
            and self.part in ("all", part_of(example[0], _PERCENT_VALID, _PERCENT_TEST))
        ][: self.limit]
        if not chosen:
            raise DataError(
                f"`least` must be at most {max(counts.values(), default=0)}, the most docstrings that a package "
                f"of this Python has, but is {self.least}."
            )
        texts, labels, places = (list(column) for column in zip(*chosen, strict=True))
        return Labelled(texts, labels, places)


@cache
def _examples() -> tuple[tuple[str, str, str], ...]:
    """Return a tuple of (text, package, module), in the order of the texts' hashes."""
    found: dict[str, tuple[str, str, str]] = {}
    for module, texts in docstrings():
        for text in texts:
            text = " ".join(text.split())
            if text.count(" ") + 1 >= _WORDS:
                found.setdefault(text, (text, module.split(".")[0], module))
    return tuple(found[text] for text in sorted(found, key=_hash))


def _hash(text: str) -> bytes:
    return hashlib.blake2b(b"order " + text.encode("utf-8"), digest_size=8).digest()
