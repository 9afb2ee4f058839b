"""The special ids that all trained vocabularies share."""

from typing import Annotated

from ..signature import Bounds

PAD, UNK, BOS, EOS = range(4)
SPECIAL = 4  # ids below are special; pieces of text start here

VocabularySize = Annotated[int, Bounds(minimum=SPECIAL + 1)]
