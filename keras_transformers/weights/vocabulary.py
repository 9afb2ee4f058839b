"""The vocabulary of a checkpoint: its pieces, and whether they are lower case."""

from pathlib import Path

from ..errors import CheckpointError

FILE = "vocab.txt"
PAD = "[PAD]"
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
    """Raise unless there are as many pieces as rows of the embedding, BERT's special ones too, padding first.

    Raises:
        CheckpointError: Vocabulary and embedding do not fit each other.
    """
    if len(pieces) != rows:
        raise CheckpointError(f"{path} holds {len(pieces):,} pieces, but the embedding has {rows:,} rows.")
    missing = [special for special in SPECIAL if special not in pieces]
    if missing:
        raise CheckpointError(f"{path} is not a BERT vocabulary: it has no piece {' and no piece '.join(missing)}.")
    if pieces[0] != PAD:
        raise CheckpointError(f"{path}: {PAD} must be the first piece, id 0, but that is `{pieces[0]}`.")


def is_lower_case(pieces):
    """Return whether a vocabulary is of lower-case text: no piece but the special ones has a capital letter."""
    return all(piece == piece.lower() for piece in pieces if not (piece.startswith("[") and piece.endswith("]")))
