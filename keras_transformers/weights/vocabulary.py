"""The vocabulary of a checkpoint: its pieces, and whether they are lower case."""

import re
from pathlib import Path

from ..errors import CheckpointError

FILE = "vocab.txt"
PAD = "[PAD]"
MARKER = re.compile(r"\[.*\]|<.*>", re.DOTALL)  # such as [unused1]
STRAY = 0.001  # of a lower-case vocabulary, the share of pieces that may have a capital letter
SPECIAL = (PAD, "[UNK]", "[CLS]", "[SEP]", "[MASK]")


def read_pieces(path):
    """Return the pieces of a vocab.txt, one a line.

    Raises:
        CheckpointError: It cannot be read.
    """
    try:
        lines = Path(path).read_bytes().decode("utf-8").split("\n")
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise CheckpointError(f"{path} is damaged: it is not UTF-8 text.") from None
    if lines[-1] == "":
        lines.pop()
    return [line.rstrip("\r") for line in lines]


def check_pieces(pieces, path, rows):
    """Raise unless each piece has a row of the embedding, and BERT's special ones are there, padding first.

    There may be more rows than pieces: some embeddings are padded, so that processors multiply them faster.

    Raises:
        CheckpointError: Vocabulary and embedding do not fit each other.
    """
    if len(pieces) > rows:
        raise CheckpointError(f"{path} holds {len(pieces):,} pieces, but the embedding has {rows:,} rows.")
    missing = [special for special in SPECIAL if special not in pieces]
    if missing:
        raise CheckpointError(f"{path} is not a BERT vocabulary: it has no piece {' and no piece '.join(missing)}.")
    if pieces[0] != PAD:
        raise CheckpointError(f"{path}: {PAD} must be the first piece, id 0, but that is `{pieces[0]}`.")


def is_lower_case(pieces):
    """Return whether a vocabulary is of lower-case text: hardly a piece, but for markers, has a capital letter.

    That of Google's Chinese BERT, which is of lower-case text, has two, both markers: `<S>` and `<T>`.
    """
    ordinary = [piece for piece in pieces if not MARKER.fullmatch(piece)]
    return sum(piece != piece.lower() for piece in ordinary) <= STRAY * len(ordinary)
