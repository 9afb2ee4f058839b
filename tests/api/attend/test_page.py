"""The page and the picture: safe, self-contained, and with the weights in them."""

import base64
import hashlib
import json
import re
import struct
import sys

import numpy as np
import pytest

from keras_transformers.api.attend import Attention, AttentionMap
from keras_transformers.api.attend.shown import visible
from keras_transformers.errors import DataError, RunError

HOSTILE = "</script><script>alert('1')</script><img src=x onerror=alert(2)> {{data}} & \u2028"
T, S, H = 5, 7, 3


@pytest.fixture(scope="module")
def attention():
    weights = np.random.default_rng(0).normal(size=(2, H, T, S)).astype("float32")
    queries, keys = [HOSTILE, "年", "$x$", "a\tb", " "], list("abcdefg")
    return Attention("run <i>", HOSTILE, HOSTILE, [AttentionMap("cross", queries, keys, list(weights))])


def test_text_is_never_markup(attention):
    page = attention.html()
    assert page.count("<script") == page.count("</script") == 2
    assert "<img" not in page
    assert "<i>" not in page.partition("<main>")[0]
    assert "run &lt;i&gt;" in page
    assert "\u2028" not in page.partition('id="data">')[2]


def test_the_page_needs_no_network_and_runs_no_other_script(attention):
    page = attention.html()
    urls = set(re.findall(r"""[\w.]+://[^"' <)]*""", page))
    assert urls == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"\b(src|href)=|@import|url\(", re.sub(r"img.src=x", "", page))
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
    assert policy.startswith("default-src 'none'; ")
    for tag in ("style", "script"):
        content = re.search(rf"<{tag}>(.*?)</{tag}>", page, re.S)[1]
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


def test_the_weights_are_in_the_page(attention):
    data = json.loads(re.search(r'id="data">(.*?)</script>', attention.html(), re.S)[1])
    (found,) = data["maps"]
    assert found["queries"] == [visible(token) for token in attention.maps[0].queries]
    for layer, wanted in zip(found["layers"], attention.maps[0].layers):
        steps = np.frombuffer(base64.b64decode(layer["weights"]), "<u2").reshape(layer["heads"], T, S)
        # Half a step, and a tenth of one for the rounding of float32.
        np.testing.assert_allclose(layer["least"] + layer["step"] * steps, wanted, rtol=0, atol=0.6 * layer["step"])


def test_a_notebook_shows_it_in_a_frame(attention):
    assert attention._repr_html_().startswith("<iframe ")
    assert attention._repr_html_().count("<") == 2


def test_invisible_tokens_are_shown():
    assert [visible(one) for one in (" ", "\n", "a b", "\u202e", "\x7f", "", "é", "##ing")] == [
        "␣", "␊", "a␣b", "U+202E", "U+007F", "∅", "é", "##ing",
    ]  # fmt: skip


def test_the_picture_holds_every_head(attention, tmp_path):
    notes = attention.write(tmp_path / "out.png")
    content = (tmp_path / "out.png").read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", content[16:24])
    assert width > H * S * 14
    assert height > 2 * T * 14
    assert all("No font of this machine has" in note for note in notes)


def test_long_texts_have_no_labels_in_the_picture():
    tokens = [f"token{number}" for number in range(101)]
    weights = np.zeros((2, 101, 101), "float32")
    attention = Attention("run", "long", None, [AttentionMap("encoder", tokens, tokens, [weights])])
    from keras_transformers.api.attend.picture import picture

    assert picture(attention)[0][:4] == b"\x89PNG"


def test_files_that_cannot_be_written(attention, tmp_path, monkeypatch):
    with pytest.raises(DataError, match=r"^`out` must end in \.html or \.png, but is .*out\.svg\.$"):
        attention.write(tmp_path / "out.svg")
    with pytest.raises(RunError, match="cannot be written: No such file or directory"):
        attention.write(tmp_path / "no" / "out.html")
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(DataError) as raised:
        attention.write(tmp_path / "out.png")
    assert str(raised.value) == "A PNG is drawn by Matplotlib: pip install 'keras-transformers[plot]'."
    assert list(tmp_path.iterdir()) == []
