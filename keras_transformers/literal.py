"""Gives TensorFlow paths that it does not read as glob patterns.

TensorFlow takes the path of a checkpoint or SavedModel for a pattern: in a folder `exp[1]` it finds nothing that
it wrote there, and what it deletes as old may be another folder's, such as `exp1`.
"""

import atexit
import itertools
import os
import re
import shutil
import tempfile
from functools import cache
from pathlib import Path

from .errors import RunError

_PATTERN = re.compile(r"[*?\[\\]")
_links: dict[str, str] = {}


def literal(path: str | os.PathLike[str]) -> str:
    """Return a path, as str, by which TensorFlow finds the folder at `path`, whatever letters its name has.

    Where the path holds `*`, `?`, `[` or a backslash, it is that of a link, which lasts as long as the process.

    Args:
        path: The folder's; it need not exist yet.

    Raises:
        RunError: There is no folder for temporary files whose own path is not a pattern.
    """
    path = os.path.abspath(path)
    if not _PATTERN.search(path):
        return path
    folder, name = os.path.split(path)
    return _link(path) if _PATTERN.search(name) else os.path.join(_link(folder), name)


def literal_prefix(prefix: str | os.PathLike[str]) -> str:
    """Return the same for the prefix of a checkpoint's files, which may be a pattern itself.

    Args:
        prefix: All that the names of the files have in common, such as `bert_model.ckpt`.

    Raises:
        RunError: As for `literal`.
        OSError: There is no such folder.
    """
    folder, name = os.path.split(os.path.abspath(prefix))
    if not _PATTERN.search(name):
        return literal(prefix)
    links = Path(_home(), str(next(_numbers)))
    links.mkdir()
    for file in Path(folder).iterdir():
        if file.name.startswith(f"{name}."):
            (links / f"checkpoint{file.name.removeprefix(name)}").symlink_to(file)
    return str(links / "checkpoint")


def _link(folder: str) -> str:
    """Return the link to a folder; it is made anew where someone has cleaned up."""
    if folder not in _links:
        _links[folder] = f"{_home()}{os.sep}{next(_numbers)}"
    link = Path(_links[folder])
    if not link.is_symlink():
        link.parent.mkdir(exist_ok=True)
        link.symlink_to(folder)
    return str(link)


_numbers = itertools.count(1)


@cache
def _home() -> str:
    """Return the folder of this process's links."""
    for folder in (tempfile.gettempdir(), "/tmp", "/var/tmp", "/dev/shm"):
        if not _PATTERN.search(os.path.abspath(folder)) and os.access(folder, os.W_OK):
            home = tempfile.mkdtemp(prefix="keras_transformers_", dir=folder)
            atexit.register(_remove, home, os.getpid())
            return home
    raise RunError(
        f"{tempfile.gettempdir()} cannot hold temporary files that TensorFlow finds: set TMPDIR to a folder without "
        "`*`, `?`, `[` and backslashes in its path."
    )


def _remove(home: str, process: int) -> None:
    if os.getpid() == process:  # and not one that it forked
        shutil.rmtree(home, ignore_errors=True)
