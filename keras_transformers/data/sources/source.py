"""What the sources that read labelled texts have in common."""

from itertools import islice

from ...errors import DataError
from ..examples import Labelled
from .split import part_of


def gather(rows, path, paired=False, part="all", limit=None):
    """Return `Labelled` of rows, without those that have an empty text.

    Args:
        rows: Iterable of (place, label, text) or, of pairs, (place, label, text, second text).
        path: The file, for messages.
        paired: Rows are of pairs.
        part: `all`, or the part of a file that has no parts of its own, as `part_of` the text says.
        limit: Take no more than this many rows; None: all.

    Raises:
        DataError: A row has no label, or no row is left.
    """
    count, empty = 0, []

    def filled():
        nonlocal count
        for row in rows:
            count += 1
            if not all(text.strip() for text in row[2:]):
                empty.append(row)
            elif not row[1].strip():
                raise DataError(f"{row[0]} has no label: give it one, or leave the row out.")
            elif part in ("all", part_of(row[2])):
                yield row

    kept = list(islice(filled(), limit))
    if not kept:
        raise DataError(_nothing(path, count, len(empty), part))
    notes = [f"{len(empty)} rows with an empty text dropped, first at {empty[0][0]}."] if empty else []
    places, labels, texts, *seconds = (list(column) for column in zip(*kept, strict=True))
    return Labelled(texts, labels, places, seconds[0] if paired else None, notes)


def _nothing(path, rows, empty, part):
    if not rows:
        return f"{path} holds no rows: it is empty."
    if rows == empty:
        return f"{path} holds no rows with text: all {rows} have an empty one."
    return f"{path} holds no rows in its part `{part}`: set `part` to `all`, or give a larger file."
