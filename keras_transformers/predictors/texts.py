"""Checks that inputs are lists of texts."""

from collections.abc import Iterable

from ..errors import DataError


def several(texts: Iterable[str]) -> list[str]:
    """Return a list of texts.

    Raises:
        DataError: It is one str, whose letters would be taken for texts.
    """
    if isinstance(texts, str):
        raise DataError(f"A list of texts must be given, but is one text, {texts[:40]!r}: put it in brackets.")
    return list(texts)
