"""Label vocabularies of texts and words: their ids, counts and suspicious entries."""

import unicodedata
from collections import Counter
from collections.abc import Sequence

import numpy as np

from ..errors import DataError, RecipeError, did_you_mean

_SHOWN, _SINGLES_SHOWN = 60, 5
# Of columns that hold labels.
_COLUMN_NAMES = {"category", "class", "entity", "gold", "intent", "label", "labels", "ner", "ner_tag", "ner_tags"}
_COLUMN_NAMES |= {"polarity", "pos", "sentiment", "tag", "tags", "target", "topic", "type", "upos", "xpos"}


def settled_labels(given: list[str] | None, found: list[str] | None = None) -> list[str]:
    """Return a task's labels: those that the recipe gives, or else those that were found in the training text.

    Args:
        given: List of str, two or more and all different, or None.
        found: The labels of the training text, each once; None: there is no such text.

    Raises:
        RecipeError: Those given are too few or not all different, or none are given and there is no text.
        DataError: The training text has fewer than two.
    """
    if given is not None:
        if len(given) < 2:
            raise RecipeError(f"`task.labels` must be two labels or more, but is {given}.")
        twice = [label for label in dict.fromkeys(given) if given.count(label) > 1]
        if twice:
            raise RecipeError(f"`task.labels` must all be different, but {', '.join(twice)} is there twice.")
        return given
    if found is None:
        raise RecipeError("`task.labels` must be given to build this model: training finds them in its text.")
    if len(found) < 2:
        raise DataError(f"The training text must have two labels or more, but has only `{''.join(found)}`.")
    return found


def label_numbers(labels: Sequence[str], known: list[str], places: Sequence[str]) -> np.ndarray:
    """Return the number of each of `labels` among those `known`, int32 (N,).

    Args:
        labels: List of str (N,).
        known: The labels of a model, by number.
        places: Where each is, to begin a message with.

    Raises:
        DataError: A label is not among them.
    """
    # Labels are read without white space around; a model may have learnt one that has some.
    numbers = {label.strip(): number for number, label in reversed(list(enumerate(known)))}
    numbers |= {label: number for number, label in enumerate(known)}
    for label, place in zip(labels, places, strict=True):
        if label not in numbers:
            raise DataError(
                f"{place} has the label `{label}`, which the model does not know.{did_you_mean(label, known)} "
                f"It knows: {', '.join(known)}."
            )
    return np.array([numbers[label] for label in labels], np.int32)


def label_notes(labels: Sequence[str], places: Sequence[str], known: list[str]) -> list[str]:
    """Return sentences on the labels of a training text: how often each occurs, and which look wrong.

    Args:
        labels: The labels of all examples, or the tags of all words.
        places: Where each is, such as `/data/train.tsv:17`.
        known: The labels that the model learns, in their order.
    """
    counts = Counter(labels)
    first: dict[str, str] = {}
    for label, place in zip(labels, places, strict=True):
        first.setdefault(label, place)
    single = [label for label, count in counts.items() if count == 1]
    headers = [label for label in single if label.lower() in _COLUMN_NAMES or first[label].endswith(":1")]
    notes = [_counts_note(known, counts)]
    notes += [
        f"The label `{_shown(label)}` has one example, at {first[label]}, and looks like the header of a column: if "
        "it is one, take that line out."
        for label in headers
    ]
    notes += _single_notes([label for label in single if label not in headers], first)
    for alike in _alike(known):
        notes.append(f"The labels {' and '.join(f'`{_shown(label)}`' for label in alike)} look alike: are they one?")
    return notes


def _counts_note(known: list[str], counts: Counter[str]) -> str:
    shown, rest = known, ""
    if len(known) > _SHOWN:
        shown = [label for label, _ in counts.most_common(_SHOWN)]
        rest = f", and {len(known) - _SHOWN:,} others"
    listed = ", ".join(f"`{_shown(label)}` {counts[label]:,}" for label in shown)
    return f"The training text has {len(known):,} labels, with so many examples: {listed}{rest}."


def _single_notes(single: list[str], first: dict[str, str]) -> list[str]:
    if not single:
        return []
    shown = ", ".join(f"`{_shown(label)}` (at {first[label]})" for label in single[:_SINGLES_SHOWN])
    rest = len(single) - _SINGLES_SHOWN
    others = f", and of {rest:,} others" if rest > 0 else ""
    return [f"A single example is too few to learn a label from, but there are no more of {shown}{others}."]


def _shown(label: str) -> str:
    """Return a label as it can be read: what is not printed, such as a space of no width, by its number."""
    return label if label.isprintable() else ascii(label)[1:-1]


def _alike(labels: Sequence[str]) -> list[list[str]]:
    """Return lists of the labels that differ only in case, white space, and how characters or numbers are written."""
    groups: dict[float | str, list[str]] = {}
    for label in labels:
        groups.setdefault(_essence(label), []).append(label)
    return [group for group in groups.values() if len(group) > 1]


def _essence(label: str) -> float | str:
    try:
        return float(label)
    except ValueError:
        characters = unicodedata.normalize("NFKC", label).casefold()
        return "".join(
            character for character in characters if not character.isspace() and unicodedata.category(character) != "Cf"
        )
