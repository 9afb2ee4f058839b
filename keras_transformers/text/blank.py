"""Detects blank texts: empty, or only spaces and invisible characters.

N texts in the batch.
"""

import tensorflow as tf

from ..annotations import Tensor

_RANGES = (
    (0x00AD, 0x00AD),  # soft hyphen
    (0x034F, 0x034F),  # combining grapheme joiner
    (0x061C, 0x061C),  # Arabic letter mark
    (0x115F, 0x1160),  # Hangul fillers
    (0x17B4, 0x17B5),  # Khmer inherent vowels
    (0x180B, 0x180F),  # Mongolian variation selectors and vowel separator
    (0x200B, 0x200F),  # zero-width space, joiners, marks of direction
    (0x202A, 0x202E),  # embeddings and overrides of direction
    (0x2060, 0x206F),  # word joiner, invisible operators, isolates
    (0x2800, 0x2800),  # Braille's blank pattern
    (0x3164, 0x3164),  # Hangul filler
    (0xFE00, 0xFE0F),  # variation selectors
    (0xFEFF, 0xFEFF),  # byte-order mark
    (0xFFA0, 0xFFA0),  # half-width Hangul filler
    (0xFFF0, 0xFFFB),  # unassigned, and the marks of interlinear annotation
    (0x1BCA0, 0x1BCA3),  # controls of shorthand
    (0x1D159, 0x1D159),  # musical null notehead
    (0x1D173, 0x1D17A),  # musical beams and slurs
    (0xE0000, 0xE0FFF),  # tags and further variation selectors
)
"""Unicode's Default_Ignorable_Code_Point, and a few that are shown as nothing, too; first and last of each range."""

# Besides, all controls (Cc) and separators (Z), in the syntax of RE2.
_PATTERN = "[\\p{Cc}\\p{Z}" + "".join(rf"\x{{{first:X}}}-\x{{{last:X}}}" for first, last in _RANGES) + "]*"


def is_blank(texts: Tensor) -> Tensor:
    """Return which texts show nothing, bool (N,), for tf.string (N,); bytes that are no UTF-8 show something."""
    return tf.strings.regex_full_match(texts, _PATTERN)
