"""The attention weights of one forward pass, with the tokens of their rows and columns.

H heads, T queries, S keys.
"""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ...errors import DataError
from ...files import StrPath, write_bytes, writing


@dataclass(frozen=True)
class AttentionMap:
    """The attention of one kind.

    Args:
        kind: `encoder` or `decoder` self-attention, or `cross`.
        queries: The T tokens that attend, as they are shown.
        keys: The S tokens that are attended to.
        layers: For each layer the weights (H, T, S), float32.
    """

    kind: str
    queries: list[str]
    keys: list[str]
    layers: list[np.ndarray]


@dataclass(frozen=True)
class Attention:
    """All attention of a model on one text.

    In a notebook it is shown as the page.

    Args:
        name: The run's.
        text: What was read; a pair is joined by " · ".
        answer: What a translation model said, else None.
        maps: One of each kind that the model has.
    """

    name: str
    text: str
    answer: str | None
    maps: list[AttentionMap] = field(default_factory=list)

    def html(self) -> str:
        """Return one HTML page that needs nothing else: no network, no other file."""
        from .page import page

        return page(self)

    def write(self, path: StrPath) -> list[str]:
        """Write the page (`.html`) or a picture of all heads (`.png`) and return notes for the user.

        Raises:
            DataError: The name ends otherwise, or Matplotlib, which draws the picture, is not installed.
            RunError: The file cannot be written.
        """
        path = check_suffix(path)
        notes: list[str] = []
        if path.suffix.lower() == ".html":
            content = self.html().encode("utf-8")
        else:
            from .picture import picture

            content, notes = picture(self)
        with writing(path):
            write_bytes(path, content)
        return notes

    def _repr_html_(self) -> str:
        import html

        style = "width:100%;height:46rem;border:0"
        return f'<iframe style="{style}" srcdoc="{html.escape(self.html(), quote=True)}"></iframe>'


def check_suffix(path: StrPath) -> Path:
    """Return the path of a page or picture, or say that its name is that of neither."""
    path = Path(path)
    if path.suffix.lower() not in (".html", ".png"):
        raise DataError(f"`out` must end in .html or .png, but is {path}.")
    return path
