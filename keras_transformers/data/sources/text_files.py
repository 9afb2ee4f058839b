"""Text files, opened in one place for all sources: plain or .gz, of any encoding, with errors that say what to do."""

import codecs
import contextlib
import difflib
import gzip
import io
import os
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...errors import DataError
from ...signature import is_text_encoding
from .unicode import unicode_text

_HEAD = 1 << 20  # bytes that tell the encoding and the line ends
_MARK = "\ufeff"
_MARKS = (  # that of UTF-32 begins like that of UTF-16
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_GZIP = b"\x1f\x8b"
_NOT_TEXT = {
    b"PK\x03\x04": "a ZIP archive, as workbooks of Excel are",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": "a document of an old Microsoft Office",
    b"%PDF-": "a PDF",
    b"PAR1": "a Parquet file",
    b"\xfd7zXZ\x00": "compressed by xz",
    b"BZh91AY&SY": "compressed by bzip2",
    b"\x28\xb5\x2f\xfd": "compressed by zstd",
}
_UNDECODABLE = "keras_transformers.undecodable"
_FIRST_UNDECODABLE = 0xDC00  # no valid text holds these: halves of characters


def locate(path: str, root: str | None = None) -> Path:
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


@dataclass(frozen=True)
class TextFile:
    r"""A text file that is read line by line, as often as one likes.

    How it is written is told by its beginning. Gzip is known by its first two bytes, or the name. A
    byte order mark, of UTF-8, UTF-16 or UTF-32, goes before `encoding`, as in
    https://encoding.spec.whatwg.org/#decode. Lines end with \n or \r\n; where there are more of \r
    alone, as in files of old Macs, that ends a line too.

    Args:
        path: The file.
        encoding: A Python codec of text; None: `utf-8`, and the user cannot say another.
        content: What the file holds, of one that can be read only once, such as standard input.

    Raises:
        DataError: Python knows no such encoding of text.
    """

    path: Path
    encoding: str | None = "utf-8"
    content: bytes | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.encoding is not None and not is_text_encoding(self.encoding):
            raise DataError(
                f"`encoding` must be one of text that Python knows, such as utf-8 or latin-1, but is {self.encoding}."
            )

    def __str__(self) -> str:
        return str(self.path)

    def lines(self) -> Iterator[str]:
        """Yield the lines without their ends.

        Raises:
            DataError: The file cannot be read or decompressed, or a line is not text in its encoding.
        """
        number = 0
        try:
            codec, newline = self._form()
            with self._open() as file, io.TextIOWrapper(file, codec, _UNDECODABLE, newline) as text:
                for number, line in enumerate(text, start=1):
                    line = line.rstrip("\r\n").removeprefix(_MARK)  # files joined into one have several marks
                    yield self._checked(line, f"{self.path}:{number}", codec)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise DataError(
                f"{self.path} cannot be decompressed after line {number} ({error}): it is damaged, cut off, or not a "
                "gzip file."
            ) from None
        except OSError as error:
            raise DataError(f"{self.path} cannot be read: {error.strerror or error}.") from None

    def placed(self) -> Iterator[tuple[str, str]]:
        """Yield `(place, line)` of each line that is not blank, the place such as `/data/train.tsv:17`."""
        for number, line in enumerate(self.lines(), start=1):
            if line.strip():
                yield f"{self.path}:{number}", line

    def _open(self) -> Any:
        """Return the file as a binary stream, unpacked."""
        if self.content is not None:
            held = io.BytesIO(self.content)
            return gzip.open(held, "rb") if self.content.startswith(_GZIP) else held
        with open(self.path, "rb") as file:
            packed = self.path.name.endswith(".gz") or file.read(len(_GZIP)) == _GZIP
        return gzip.open(self.path, "rb") if packed else open(self.path, "rb")

    def _form(self) -> tuple[str, str | None]:
        """Return the codec, and what ends a line as `open` takes it, from the beginning of the file."""
        head = b""
        with self._open() as file, contextlib.suppress(EOFError, zlib.error, gzip.BadGzipFile):
            while len(head) < _HEAD and (piece := file.read1(_HEAD)):
                head += piece
        for magic, what in _NOT_TEXT.items():
            if head.startswith(magic):
                raise DataError(f"{self.path} is {what}, not text: unpack it, or save it as text.")
        codec = _codec(head, self.encoding or "utf-8")
        if codec.startswith(("utf-16-", "utf-32-")) and b"\n" in head and b"\0" not in head:
            raise DataError(
                f"{self.path} is not {codec[:6].upper()}, whatever `encoding` says: it has line ends, but no byte is 0."
            )
        text = codecs.getincrementaldecoder(codec)("replace").decode(head)
        return codec, None if len(re.findall("\r(?!\n)", text)) > text.count("\n") else "\n"

    def _checked(self, line: str, place: str, codec: str) -> str:
        """Return the line, which must be text."""
        if "\0" in line:
            way = "convert it" if self.encoding is None else "set `encoding` to utf-16-le or utf-16-be"
            raise DataError(
                f"{place} holds the character NUL at position {line.index(chr(0))} of the line, which text does not: "
                f"if the file is UTF-16 without a mark at its beginning, {way}; else it is damaged, or no text."
            )
        if not line.isascii():
            try:
                line.encode("utf-8")
            except UnicodeEncodeError as error:
                self._refuse(line, error.start, place, codec)
        return line

    def _refuse(self, line: str, position: int, place: str, codec: str) -> None:
        byte = ord(line[position]) - _FIRST_UNDECODABLE
        if not 0 <= byte <= 0xFF:
            unicode_text(line, place)
        way = "" if self.encoding is None else "say how the file is written with `encoding`, such as cp1252, or "
        raise DataError(
            f"{place} is not {codec.removesuffix('-sig').upper()}: byte 0x{byte:02x} at position {position} of the "
            f"line; {way}convert it, for example with `iconv -f WINDOWS-1252 -t UTF-8`."
        )


def _codec(head: bytes, encoding: str) -> str:
    """Return the codec of a file that begins with the bytes `head`."""
    for mark, codec in _MARKS:
        if head.startswith(mark):
            return codec
    name = codecs.lookup(encoding).name
    if name in ("utf-16", "utf-32"):  # which Python does not read without a mark
        return f"{name}-be" if head.startswith(b"\0") else f"{name}-le"
    return name


def _undecodable(error: UnicodeError) -> tuple[str, int]:
    """Write bytes that are none of text as halves of characters, by which their line is known."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return chr(_FIRST_UNDECODABLE + error.object[error.start]), error.end


codecs.register_error(_UNDECODABLE, _undecodable)


def _advice(place: Path) -> str:
    folder = place.parent
    if not folder.is_dir():
        return f"The folder {folder} does not exist; set the right one with `--set data.root=DIR`."
    names = []
    with contextlib.suppress(OSError):
        names = sorted(entry.name for entry in folder.iterdir() if entry.is_file())
    near = difflib.get_close_matches(place.name, names, n=5, cutoff=0.5) or names[:5]
    found = f"That folder holds {', '.join(near)}" if near else "That folder holds no files"
    return f"{found}; correct the name, or set another folder with `--set data.root=DIR`."
