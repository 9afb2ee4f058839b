import sys
import unicodedata

import tensorflow as tf

from keras_transformers.text.blank import is_blank

HANGUL = "\u115f\u1160\u3164\uffa0"


def blank(texts):
    return is_blank(tf.constant(texts)).numpy().tolist()


def test_every_character_is_blank_or_shows_something():
    codes = [code for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]
    found = {chr(code) for code, is_one in zip(codes, blank([chr(code) for code in codes])) if is_one}
    categories = {}
    for character in found:
        categories.setdefault(unicodedata.category(character), set()).add(character)
    every = {}
    for code in codes:
        every.setdefault(unicodedata.category(chr(code)), set()).add(chr(code))
    for category in ("Cc", "Zs", "Zl", "Zp"):
        assert categories[category] == every[category]
    assert categories["Lo"] == set(HANGUL)
    # The few of this kind that are seen: signs around a number, and the controls that join hieroglyphs.
    assert {unicodedata.name(one).split()[0] for one in every["Cf"] - categories["Cf"]} <= {
        "ARABIC", "SYRIAC", "KAITHI", "EGYPTIAN",
    }  # fmt: skip
    assert categories.keys() <= {"Cc", "Cf", "Cn", "Zs", "Zl", "Zp", "Lo", "Mn", "So"}
    assert categories["So"] == {"\u2800", "\U0001d159"}
    assert all("VARIATION" in unicodedata.name(one, "VARIATION") or ord(one) in (0x34F, 0x17B4, 0x17B5, 0x180F)
               for one in categories["Mn"])  # fmt: skip


def test_texts():
    assert blank(["", " \t\n", "\ufeff\u200b", HANGUL, "\u2028\x85"]) == [True] * 5
    assert blank(["a", " a ", ".", "\u200ba", "\ufffd", "\ue000"]) == [False] * 6


def test_bytes_that_are_no_text_show_something():
    assert blank([b"\xff", b" \xe3\x85"]) == [False, False]
