"""The built-in set: dates written out in many languages, to be read into ISO 8601.

The names and formats are those of Unicode's CLDR, as Babel carries it.
"""

import datetime
import random
import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import Any, Literal

from babel import Locale
from babel.dates import format_date

from ...errors import DataError, did_you_mean
from ...signature import Count, Natural, register
from ..examples import Pairs
from .source import Source

FIRST_YEAR, LAST_YEAR = 1950, 2050

# Each language with the regions whose formats or month names differ.
_LOCALES = {
    "cs": ["cs"],
    "da": ["da"],
    "de": ["de", "de_AT"],
    "el": ["el"],
    "en": ["en_US", "en_GB"],
    "es": ["es", "es_MX"],
    "fi": ["fi"],
    "fr": ["fr", "fr_CA"],
    "hu": ["hu"],
    "id": ["id"],
    "it": ["it"],
    "ja": ["ja"],
    "ko": ["ko"],
    "nb": ["nb"],
    "nl": ["nl"],
    "pl": ["pl"],
    "pt": ["pt_BR", "pt_PT"],
    "ro": ["ro"],
    "ru": ["ru"],
    "sv": ["sv"],
    "tr": ["tr"],
    "uk": ["uk"],
    "vi": ["vi"],
    "zh": ["zh_Hans", "zh_Hant"],
}
LANGUAGES = tuple(_LOCALES)

_HELD_OUT = {0: "valid", 1: "test"}  # twentieths of the calendar
_UPPER_FROM, _LOWER_FROM = 0.9, 0.7  # of all examples: 10% upper case, 20% lower case


@register("source", "dates")
class Dates(Source):
    """Dates written out in many languages and formats, with their ISO 8601 form as target.

    "Dienstag, 5. März 2024" becomes "2024-03-05". Years run from 1950 to 2050 and have four digits; a
    month is a name, or the format puts the year first, so that every example can be read in one
    way only. The three splits share no date. Equal arguments give equal examples with the same
    release of Babel (its CLDR data changes now and then).

    Args:
        split: Which part of the calendar: about 90% of the dates are `train`, 5% `valid`, 5% `test`.
        size: Number of examples, drawn with replacement.
        seed: Seed of the draw; the split of the calendar does not depend on it.
        languages: Codes of the languages, such as `[de, ja]`; none: all 24.
    """

    gives = Pairs

    def __init__(
        self,
        split: Literal["train", "valid", "test"],
        size: Count,
        seed: Natural = 0,
        languages: list[str] | None = None,
    ) -> None:
        self.split = split
        self.size = size
        self.seed = seed
        self.languages = languages

    def read(self, root: str | None = None) -> Pairs:
        """Return the pairs.

        Args:
            root: Not used: the set needs no files.

        Raises:
            DataError: A language is unknown, or none is given.
        """
        languages = LANGUAGES if self.languages is None else self.languages
        if not languages:
            raise DataError("`languages` must name at least one language, but is empty.")
        written = [_formats(language) for language in languages]
        ordinals = _calendar()[self.split]
        # Only `random()` is promised to stay the same in every Python; `choice` is not.
        draw = random.Random(f"dates/{self.split}/{self.seed}").random
        sources, targets = [], []
        for _ in range(self.size):
            formats = _pick(written, draw())
            locale, pattern = _pick(formats, draw())
            date = datetime.date.fromordinal(_pick(ordinals, draw()))
            text = _spaced(format_date(date, pattern, locale))
            sources.append(_cased(text, locale.language, draw()))
            targets.append(date.isoformat())
        return Pairs(sources, targets)


def _pick(items: Sequence[Any], fraction: float) -> Any:
    return items[int(fraction * len(items))]


@cache
def _calendar() -> dict[str, list[int]]:
    """Return the ordinals of the dates of each split."""
    parts: dict[str, list[int]] = {"train": [], "valid": [], "test": []}
    first = datetime.date(FIRST_YEAR, 1, 1).toordinal()
    last = datetime.date(LAST_YEAR, 12, 31).toordinal()
    for ordinal in range(first, last + 1):
        parts[_HELD_OUT.get(_mixed(ordinal) % 20, "train")].append(ordinal)
    return parts


def _mixed(number: int) -> int:
    """Return a 32-bit hash of a small integer (the finalizer of MurmurHash3)."""
    number ^= number >> 16
    number = number * 0x85EBCA6B & 0xFFFFFFFF
    number ^= number >> 13
    number = number * 0xC2B2AE35 & 0xFFFFFFFF
    return number ^ number >> 16


@cache
def _formats(language: str) -> list[tuple[Any, str]]:
    """Return the (locale, pattern) pairs of a language that can be read in one way only."""
    if language not in _LOCALES:
        raise DataError(
            f"`languages` must be among {', '.join(LANGUAGES)}, but has `{language}`."
            f"{did_you_mean(language, LANGUAGES)}"
        )
    found: dict[tuple[str, str], Any] = {}
    for code in _LOCALES[language]:
        locale = Locale.parse(code)
        patterns = [locale.date_formats[name].pattern for name in ("full", "long", "medium", "short")]
        for skeleton, pattern in locale.datetime_skeletons.items():
            if set(skeleton) <= set("yMdEc") and "d" in skeleton:
                patterns.append(pattern.pattern)
        found.update(((code, pattern), locale) for pattern in patterns if _is_unambiguous(pattern))
    return [(locale, pattern) for (_, pattern), locale in found.items()]


def _is_unambiguous(pattern: str) -> bool:
    """Tell whether a CLDR pattern has the whole year, and a named month or the year first."""
    fields = "".join(pattern.split("'")[::2])  # odd pieces are quoted text
    if "y" not in fields or "yy" in fields.replace("yyyy", ""):
        return False
    if "d" not in fields or not ("M" in fields or "L" in fields):
        return False
    named = "MMM" in fields or "LLL" in fields
    return named or fields.index("y") < fields.index("M") < fields.index("d")


def _spaced(text: str) -> str:
    """Return the text with CLDR's no-break and narrow spaces as ordinary ones."""
    return text.replace("\u00a0", " ").replace("\u202f", " ")


def _cased(text: str, language: str, fraction: float) -> str:
    """Return the text as it is, in lower case, or in upper case."""
    if fraction >= _UPPER_FROM:
        return _upper(text, language)
    return _lower(text, language) if fraction >= _LOWER_FROM else text


def _upper(text: str, language: str) -> str:
    if language == "tr":
        text = text.replace("i", "İ")
    if language == "el":  # Greek capitals are written without the accent
        bare = unicodedata.normalize("NFD", text).replace("\u0301", "")
        text = unicodedata.normalize("NFC", bare)
    return text.upper()


def _lower(text: str, language: str) -> str:
    if language == "tr":
        text = text.replace("İ", "i").replace("I", "ı")
    return text.lower()
