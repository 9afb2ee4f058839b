"""Renders attention weights as one self-contained HTML page."""

import base64
import hashlib
import html
import re
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import DataError
from ...files import to_json
from .shown import visible

if TYPE_CHECKING:
    from .attention import Attention, AttentionMap

KINDS = {
    "encoder": ("Encoder self-attention", "attends to"),
    "decoder": ("Decoder self-attention", "is said looking back at"),
    "cross": ("Cross-attention", "is said looking at"),
}
STEPS = 65535  # weights are whole numbers of 16 bits between the least and the greatest


def page(attention: "Attention") -> str:
    """Return the HTML of an `Attention`.

    Text reaches the page as escaped HTML or as JSON that the script reads as data and writes as text. The
    page's own policy forbids the network and any script but this one.
    """
    style, script = _file("page.css"), _file("page.js")
    answer = "" if attention.answer is None else f'<p class="answer" dir="auto">{html.escape(attention.answer)}</p>'
    parts = {
        "policy": f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; base-uri 'none'",
        "name": html.escape(attention.name),
        "text": html.escape(attention.text),
        "answer": answer,
        "style": style,
        "script": script,
        "data": _json({"maps": [_map(attention_map) for attention_map in attention.maps]}),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], _file("page.html"))


def _map(attention_map: "AttentionMap") -> dict[str, Any]:
    title, verb = KINDS[attention_map.kind]
    return {
        "title": title,
        "verb": verb,
        "queries": [visible(token) for token in attention_map.queries],
        "keys": [visible(token) for token in attention_map.keys],
        "layers": [_layer(weights) for weights in attention_map.layers],
    }


def _layer(weights: np.ndarray) -> dict[str, Any]:
    """Return the weights (H, T, S) of a layer for JSON: 16 bits each, little-endian, in base64."""
    if not np.isfinite(weights).all():
        raise DataError("The attention cannot be drawn: the model's numbers are none (NaN or infinite).")
    least, greatest = float(min(weights.min(), 0.0)), float(weights.max())
    span = (greatest - least) or 1.0
    steps = np.rint((weights - least) / span * STEPS).astype("<u2")
    return {
        "heads": len(weights),
        "least": least,
        "step": span / STEPS,
        "weights": base64.b64encode(steps.tobytes()).decode("ascii"),
    }


def _json(value: Any) -> str:
    """Return JSON that may stand in a <script> element: without `<`, `>` and `&`."""
    text = to_json(value, compact=True)
    return text.translate({ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&"})


def _hash(content: str) -> str:
    """Return what a content security policy calls this style or script."""
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode("utf-8")).digest()).decode("ascii")


def _file(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
