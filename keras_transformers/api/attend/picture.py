"""Draws the attention weights of every head and layer with Matplotlib.

H heads, T queries, S keys. Lengths are in pixels.
"""

import io
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import DataError
from .page import KINDS
from .shown import visible

if TYPE_CHECKING:
    from .attention import Attention, AttentionMap

GAP, MARGIN, TITLE, HEADING, LETTER = 10, 24, 44, 20, 7  # LETTER: width of a letter of a label
CELL, LEAST_CELL, MAP = 14, 3, 200  # a weight, at most and at least; a map is about MAP wide if it can be
LABELS = 11  # least cell that has room for its label
LONGEST = 14  # letters of a label


def picture(attention: "Attention") -> tuple[bytes, list[str]]:
    """Return the bytes of a PNG that shows an `Attention`, and notes for the user.

    Raises:
        DataError: Matplotlib is not installed.
    """
    try:
        from matplotlib import rc_context
        from matplotlib.figure import Figure
    except ImportError:
        raise DataError("A PNG is drawn by Matplotlib: pip install 'keras-transformers[plot]'.") from None
    boxes = [_Box(attention_map) for attention_map in attention.maps]
    width = max(box.width for box in boxes)
    height = TITLE + MARGIN + sum(box.height for box in boxes)
    names = [token for box in boxes for token in (*box.queries, *box.keys)]
    fonts, notes = _fonts("".join([attention.text, attention.answer or "", *names]))
    dpi = 100
    with rc_context({"font.family": fonts, "axes.linewidth": 0.6}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph ")  # said in the notes
        figure = Figure(figsize=(width / dpi, height / dpi), dpi=dpi, facecolor="white")
        title = attention.text if attention.answer is None else f"{attention.text}  →  {attention.answer}"
        _write(figure, MARGIN, height - MARGIN, _cut(title, int((width - 2 * MARGIN) / 8)), size=11, weight="bold")
        top = height - TITLE
        for box in boxes:
            _draw(figure, box, top, width, height)
            top -= box.height
        content = io.BytesIO()
        figure.savefig(content, format="png", metadata={"Software": None})
    return content.getvalue(), notes


class _Box:
    """One kind of attention, laid out: its maps tiled into one image."""

    def __init__(self, attention_map: "AttentionMap") -> None:
        self.kind = attention_map.kind
        self.layers = attention_map.layers
        self.queries = [_cut(visible(token), LONGEST) for token in attention_map.queries]
        self.keys = [_cut(visible(token), LONGEST) for token in attention_map.keys]
        rows, columns = len(self.queries), len(self.keys)
        self.cell = int(np.clip(MAP // max(rows, columns), LEAST_CELL, CELL))
        self.labelled = self.cell >= LABELS
        self.heads = max(len(weights) for weights in self.layers)
        self.step = (rows * self.cell + GAP, columns * self.cell + GAP)
        self.left = MARGIN + 24 + self.labelled * LETTER * max(map(len, self.queries))
        self.top = TITLE + HEADING + self.labelled * LETTER * max(map(len, self.keys))
        self.width = self.left + self.heads * self.step[1] + MARGIN
        self.height = self.top + len(self.layers) * self.step[0] + MARGIN

    def image(self) -> np.ndarray:
        """Return all weights, each map over its greatest, as one (height, width) array with NaN between."""
        rows, columns = self.step
        image = np.full((len(self.layers) * rows - GAP, self.heads * columns - GAP), np.nan, "float32")
        for layer, weights in enumerate(self.layers):
            for head, matrix in enumerate(weights):
                scaled = np.abs(matrix) / (np.abs(matrix).max() or 1.0)
                large = scaled.repeat(self.cell, axis=0).repeat(self.cell, axis=1)
                y, x = layer * rows, head * columns
                image[y : y + large.shape[0], x : x + large.shape[1]] = large
        return image


def _draw(figure: Any, box: _Box, top: int, width: int, height: int) -> None:
    """Draw one kind, whose upper edge is at `top`, on a figure of this size; y points up."""
    title, _ = KINDS[box.kind]
    _write(figure, MARGIN, top - MARGIN, title, size=10, weight="bold")
    image = box.image()
    rows, columns = image.shape
    upper = top - box.top
    axes = figure.add_axes([box.left / width, (upper - rows) / height, columns / width, rows / height])
    axes.imshow(image, cmap="Blues", vmin=0, vmax=1, interpolation="nearest", aspect="auto")
    axes.set_axis_off()
    label: dict[str, Any] = {"size": 7, "color": "#555"}
    for layer in range(len(box.layers)):
        y = upper - layer * box.step[0]
        middle = y - (box.step[0] - GAP) / 2
        _write(figure, MARGIN, middle, f"layer {layer + 1}", va="center", rotation=90, **{**label, "size": 8})
        for row, token in enumerate(box.queries if box.labelled else ()):
            _write(figure, box.left - 4, y - (row + 0.5) * box.cell, token, ha="right", va="center", **label)
    for head in range(box.heads):
        x = box.left + head * box.step[1]
        _write(figure, x, top - TITLE, f"head {head + 1}" if head == 0 else str(head + 1), **{**label, "size": 8})
        for column, token in enumerate(box.keys if box.labelled else ()):
            place = (x + (column + 0.5) * box.cell, upper + 4)
            _write(figure, *place, token, ha="center", va="bottom", rotation=90, **label)


def _write(figure: Any, x: float, y: float, text: str, **style: Any) -> None:
    width, height = figure.get_size_inches() * figure.dpi
    figure.text(x / width, y / height, text, parse_math=False, **style)


def _cut(text: str, length: int) -> str:
    """Return `text` on one line, shortened to `length` letters."""
    text = " ".join(text.split())
    return text if len(text) <= length else text[: length - 1] + "…"


def _fonts(text: str) -> tuple[list[str], list[str]]:
    """Return the names of fonts that together have what `text` needs, as far as this machine has them, and notes."""
    from matplotlib import font_manager

    fonts = ["DejaVu Sans"]
    missing = _lacking(font_manager, font_manager.findfont("DejaVu Sans"), set(text) - set("\n\t\r"))
    for font in font_manager.fontManager.ttflist:
        if not missing:
            break
        if font.name.startswith("Last Resort"):  # has a box for everything
            continue
        left = _lacking(font_manager, font.fname, missing)
        if left != missing:
            fonts.append(font.name)
            missing = left
    shown = " ".join(sorted(missing)[:10])
    notes = (
        [f"No font of this machine has {shown}: boxes stand for them; the .html page shows them."] if missing else []
    )
    return fonts, notes


def _lacking(font_manager: Any, path: str, characters: set[str]) -> set[str]:
    try:
        font = font_manager.get_font(path)
    except (OSError, RuntimeError):
        return characters
    return {character for character in characters if not font.get_char_index(ord(character))}
