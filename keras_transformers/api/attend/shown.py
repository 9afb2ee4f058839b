"""Displays tokens, with invisible characters written out."""

import unicodedata

SPACE = "␣"


def visible(token: str) -> str:
    """Return `token` with spaces and control characters as signs, and invisible formatting as code points."""
    return "".join(_sign(character) for character in token) or "∅"


def _sign(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)  # Unicode's pictures of control characters
    category = unicodedata.category(character)
    if category in ("Zs", "Zl", "Zp"):
        return SPACE
    if category in ("Cc", "Cn", "Co", "Cs") or unicodedata.bidirectional(character) in BIDI:
        return f"U+{code:04X}"
    return character


BIDI = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
"""Characters that would turn the direction of what stands around a token."""
