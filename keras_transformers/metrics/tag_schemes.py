"""Tagging schemes (IOB2, BIOES, …): detects the scheme and decodes tags into entities.

A tag is `O`, outside of entities, or a letter and a type: `B-PER`, or `PER-B`, or `B` alone where there is one type
only. `-` or `_` joins the two. The letter says where in its entity a word stands.
"""

import enum
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

OUTSIDE = ("O", "o")


class Scheme(enum.StrEnum):
    """How letters tell the words of an entity."""

    IOB2 = "iob2"
    """B for the first word, I for others: Tjong Kim Sang and Veenstra 1999, https://arxiv.org/abs/cs/9907006"""

    IOB1 = "iob1"
    """I, but B for a first word right after an entity of the type: Ramshaw and Marcus 1995, arXiv:cmp-lg/9505040"""

    IOE2 = "ioe2"
    """E for the last word, I for others: Tjong Kim Sang and Veenstra 1999"""

    IOE1 = "ioe1"
    """I, but E for a last word right before an entity of the type: Tjong Kim Sang and Veenstra 1999"""

    BIOES = "bioes"
    """B first, I between, E last, S for a single word: Uchimoto et al. 2000, https://aclanthology.org/P00-1042"""

    BILOU = "bilou"
    """B first, I between, L last, U for a single word: Ratinov and Roth 2009, https://aclanthology.org/W09-1119"""

    BMES = "bmes"
    """B first, M between, E last, S for a single word: Xue 2003, https://aclanthology.org/O03-4002"""

    IO = "io"
    """No letters: a tag is a type, and words of one type that stand together are one entity."""


_LETTERS = {
    Scheme.IOB2: "BI",
    Scheme.IOB1: "BI",
    Scheme.IOE2: "IE",
    Scheme.IOE1: "IE",
    Scheme.BIOES: "BIES",
    Scheme.BILOU: "BILU",
    Scheme.BMES: "BMES",
}
_ROLES = {"B": "first", "I": "inside", "M": "inside", "E": "last", "L": "last", "S": "single", "U": "single"}
_ANY = "(?P<letter>[BIMELSU]|[bimelsu])"
_LAYOUTS = [
    re.compile(layout)
    for layout in (f"{_ANY}-(?P<type>.+)", f"(?P<type>.+)-{_ANY}", f"{_ANY}_(?P<type>.+)", f"(?P<type>.+)_{_ANY}",
                   "(?P<letter>[BIMELSU])(?P<type>)")
]  # fmt: skip


@dataclass(frozen=True)
class Reading:
    """A way to read tags.

    Args:
        scheme: What the letters say.
        parts: Letter and type of each tag that is not outside, by tag.
        strange: The tags that are not written so, sorted.
    """

    scheme: Scheme
    parts: dict[str, tuple[str, str]]
    strange: list[str]

    def entities(self, tags: Sequence[str]) -> list[tuple[str, int, int]]:
        """Return the entities of a sentence as (type, number of the first word, of the last).

        Tags that break the scheme, as a model's may, are read as the shared task's `conlleval` does: an entity ends
        with its last word or where the type changes, and another begins there.
        """
        found, first, before, kind = [], 0, "", ""
        for i, tag in enumerate([*tags, "O"]):
            letter, type_ = self.parts.get(tag, ("", ""))
            role = _ROLES.get(letter, "")
            if before and (before in ("last", "single") or role in ("", "first", "single") or type_ != kind):
                found.append((kind, first, i - 1))
                before = ""
            if role and not before:
                first = i
            before, kind = role, type_
        return found

    def broken(self, tags: Sequence[str]) -> int | None:
        """Return the number of the first word whose letter is not the one that the scheme gives it, or None."""
        entities = self.entities(tags)
        for before, (kind, first, last), after in zip([None, *entities], entities, [*entities[1:], None]):
            touches = before is not None and (before[0], before[2]) == (kind, first - 1)
            touched = after is not None and after[:2] == (kind, last + 1)
            for i, letter in enumerate(_letters(self.scheme, last - first + 1, touches, touched), start=first):
                if self.parts[tags[i]][0] != letter:
                    return i
        return None


def _letters(scheme: Scheme, length: int, touches: bool, touched: bool) -> str:
    """Return the letters of an entity's words.

    Args:
        scheme: A `Scheme`.
        length: Number of words.
        touches: It stands right after another entity of its type.
        touched: It stands right before one.
    """
    first, inside, last, single = {
        Scheme.IOB2: "BIIB",
        Scheme.IOB1: "BIIB" if touches else "IIII",
        Scheme.IOE2: "IIEE",
        Scheme.IOE1: "IIEE" if touched else "IIII",
        Scheme.BIOES: "BIES",
        Scheme.BILOU: "BILU",
        Scheme.BMES: "BMES",
        Scheme.IO: "IIII",
    }[scheme]
    return single if length == 1 else first + inside * (length - 2) + last


def read_tags(tags: Iterable[str], references: Sequence[Sequence[str]], scheme: Scheme | None = None) -> Reading:
    """Return how tags are written: the `Reading` with the fewest strange tags.

    Of several, the one whose scheme the fewest sentences of the references break.

    Args:
        tags: All tags, an iterable of str.
        references: Lists of tags, one a sentence.
        scheme: The `Scheme`, if it is known; None: any but `IO`.
    """
    tags = sorted(set(tags) - set(OUTSIDE))
    if scheme is Scheme.IO:
        return Reading(scheme, {tag: ("I", tag) for tag in tags}, [])
    schemes = _LETTERS if scheme is None else [scheme]
    readings = [_reading(scheme, layout, tags) for layout in _LAYOUTS for scheme in schemes]
    fewest = min(len(reading.strange) for reading in readings)
    readings = [reading for reading in readings if len(reading.strange) == fewest]
    if fewest or len(readings) == 1:
        return readings[0]
    return min(readings, key=lambda reading: sum(reading.broken(sentence) is not None for sentence in references))


def _reading(scheme: Scheme, layout: re.Pattern[str], tags: Sequence[str]) -> Reading:
    """Return the `Reading` of those of `tags` that a layout and a scheme fit."""
    matches = {tag: layout.fullmatch(tag) for tag in tags}
    parts = {tag: (match["letter"].upper(), match["type"]) for tag, match in matches.items() if match}
    parts = {tag: part for tag, part in parts.items() if part[0] in _LETTERS[scheme]}
    return Reading(scheme, parts, [tag for tag in tags if tag not in parts])
