"""SentencePiece's text normalization.

SentencePiece's own rules (NFKC) would rewrite much that a translation should keep, such as the
full-width punctuation of Chinese. These only compose accents (Unicode's NFC), write every kind of
space as U+0020, and remove control characters.
"""

import sys
import unicodedata

_SPACES = (0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x85, 0x2028, 0x2029)
_REMOVED = 0xFEFF  # byte-order mark


def rules() -> str:
    """Return the rules in SentencePiece's TSV form: code points, tab, code points."""
    found = {}
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        category = unicodedata.category(character)
        if category == "Zs" or code in _SPACES:
            found[character] = " "
        elif category == "Cc" or code == _REMOVED:
            found[character] = ""
        elif unicodedata.decomposition(character) and not _is_hangul(code):
            found.update(_compositions(character))
    found.pop(" ")
    found.pop("\0")  # SentencePiece treats it on its own
    return "".join(f"{_hex(text)}\t{_hex(found[text])}\n" for text in sorted(found))


def _compositions(character: str) -> dict[str, str]:
    """Return the canonically equal ways of writing a character, each with its composed form."""
    composed = unicodedata.normalize("NFC", character)
    ways = {character, unicodedata.normalize("NFD", character)}
    decomposition = unicodedata.decomposition(character)
    if not decomposition.startswith("<"):  # "<compat> …" is not canonical
        ways.add("".join(chr(int(code, 16)) for code in decomposition.split()))
    return {way: composed for way in ways if way != composed}


def _is_hangul(code: int) -> bool:
    """Tell whether a code point is a Hangul syllable: their 11,172 rules would swell every model."""
    return 0xAC00 <= code <= 0xD7A3


def _hex(text: str) -> str:
    return " ".join(f"{ord(character):X}" for character in text)
