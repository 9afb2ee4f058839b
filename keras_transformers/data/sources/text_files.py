"""Text files read line by line, plain or .gz, with errors that say what to do."""

import codecs
import contextlib
import difflib
import gzip
import os
import zlib
from pathlib import Path

from ...errors import DataError

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def locate(path, root=None):
    """Return the existing file `path`, taken relative to `root` or else the working directory.

    Args:
        path: The file as the recipe names it.
        root: The recipe's `data.root`, or None.

    Raises:
        DataError: There is no such file; the message lists the nearest names in its folder.
    """
    place = (Path(os.path.expanduser(root or ".")) / os.path.expanduser(path)).absolute()
    if place.is_file():
        return place
    if place.is_dir():
        raise DataError(f"`{path}` must be a file, but {place} is a folder.")
    raise DataError(f"There is no file `{path}`: looked for {place}. {_advice(place)}")


def lines(path, encoding="utf-8"):
    """Yield the lines of the file `path` without their ends; only `\\n` ends a line.

    Args:
        path: The file, plain or compressed (`.gz`).
        encoding: A Python codec in which a line end is the byte 10, such as `utf-8` or `latin-1`.

    Raises:
        DataError: A line is not of that encoding, or the file cannot be read or decompressed.
    """
    number = 0
    try:
        codecs.lookup(encoding)
    except LookupError:
        raise DataError(f"`encoding` must be one that Python knows, such as utf-8, but is {encoding}.") from None
    try:
        with _open(path) as file:
            for number, line in enumerate(file, start=1):
                if number == 1:
                    line = line.removeprefix(_BYTE_ORDER_MARK)
                yield line.rstrip(b"\r\n").decode(encoding)
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}:{number} is not {encoding.upper()}: byte 0x{error.object[error.start]:02x} at position "
            f"{error.start} of the line; convert the file, for example with "
            f"`iconv -f ISO-8859-1 -t UTF-8`."
        ) from None
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(
            f"{path} cannot be decompressed after line {number} ({error}): it is damaged, cut off, or not a gzip file."
        ) from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from None


def _open(path):
    return gzip.open(path, "rb") if str(path).endswith(".gz") else open(path, "rb")


def _advice(place):
    folder = place.parent
    if not folder.is_dir():
        return f"The folder {folder} does not exist; set the right one with `--set data.root=DIR`."
    names = []
    with contextlib.suppress(OSError):
        names = sorted(entry.name for entry in folder.iterdir() if entry.is_file())
    near = difflib.get_close_matches(place.name, names, n=5, cutoff=0.5) or names[:5]
    found = f"That folder holds {', '.join(near)}" if near else "That folder holds no files"
    return f"{found}; correct the name, or set another folder with `--set data.root=DIR`."
