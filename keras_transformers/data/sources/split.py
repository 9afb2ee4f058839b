"""Splits data that has no official split into training, validation and test parts, by hash."""

import hashlib
from typing import Literal

Part = Literal["all", "train", "valid", "test"]
PERCENT_VALID, PERCENT_TEST = 5, 5


def part_of(text: str, valid: int = PERCENT_VALID, test: int = PERCENT_TEST) -> str:
    """Return "train", "valid" or "test", decided by a hash of the text alone.

    Args:
        text: The text; of a pair, the first.
        valid: Percentage of texts that are for validation.
        test: Percentage of texts that are held out for the test.
    """
    digest = hashlib.blake2b(text.encode("utf-8"), digest_size=8).digest()
    percentile = int.from_bytes(digest, "big") % 100
    if percentile < valid:
        return "valid"
    return "test" if percentile < valid + test else "train"
