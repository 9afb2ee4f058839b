"""Labels, of texts or of words: which there are, and their numbers."""

import numpy as np

from ..errors import DataError, RecipeError, did_you_mean


def settled_labels(given, found=None):
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


def label_numbers(labels, known, places):
    """Return the number of each of `labels` among those `known`, int32 (N,).

    Args:
        labels: List of str (N,).
        known: The labels of a model, by number.
        places: Where each is, to begin a message with.

    Raises:
        DataError: A label is not among them.
    """
    numbers = {label: number for number, label in enumerate(known)}
    for label, place in zip(labels, places, strict=True):
        if label not in numbers:
            raise DataError(
                f"{place} has the label `{label}`, which the model does not know.{did_you_mean(label, known)} "
                f"It knows: {', '.join(known)}."
            )
    return np.array([numbers[label] for label in labels], np.int32)
