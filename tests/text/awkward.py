"""Strings that are hard to cut alike: drawn from all of Unicode, with a fixed seed."""

import random

BLOCKS = (
    *[(0x20, 0x7F)] * 6,
    *[(0xA0, 0x250)] * 4,
    *[(0x300, 0x370)] * 3,
    *[(0x370, 0x600)] * 2,
    (0, 0x20),
    (0x7F, 0xA0),
    (0x600, 0x900),
    (0x900, 0x1000),
    (0x1000, 0x2000),
    (0x2000, 0x2C00),
    (0x3000, 0x3400),
    (0x4E00, 0x5000),
    (0xAC00, 0xAC80),
    (0xD780, 0xD7A4),
    (0xE000, 0xE010),
    (0xF900, 0xFB00),
    (0xFB00, 0x10000),
    (0x10000, 0x12000),
    (0x1E900, 0x1E960),
    (0x1F300, 0x1FA00),
    (0x20000, 0x20050),
    (0x2F800, 0x2FA20),
    (0xE0000, 0xE0200),
    (0x10FFF0, 0x110000),
)

PARTS = (
    *"the The unaffable naïve CAFÉ ##ing don't 1,000.50 U.S.A. ß ẞ ﬁ ﬀ Ⅷ ① ½ Å ΣΑΣ ς İstanbul ISPARTA ǅ".split(),
    *"[MASK] [SEP] [CLS] [PAD] [UNK] [mask] [MASK MASK] [[MASK]] [MASK][SEP] [unused1] [MA\u00adSK]".split(),
    *"한국어 ไทย हिन्दी العَرَبِيَّة 中文字 ｶﾀｶﾅ がぎ か\u3099 👩\u200d👩\u200d👧 🏳️\u200d🌈".split(),
    *"e\u0301 e\u0327\u0301 \u0301".split(),
    *("x" * 99, "x" * 100, "x" * 101, "é" * 100, "e\u0301" * 100, "e\u0301" * 101, "한" * 34, "x" * 499),
    *"\0 \x1c \x85 \xa0 \xad \u200b \u200d \ufeff \ufffd \u2028 \u3000 \t \n".split(" "),
)


def strings(count, seed=7):
    """Return a list of that many str."""
    draw = random.Random(seed)
    return ["".join(_part(draw) for _ in range(draw.randrange(13))) for _ in range(count)]


def _part(draw):
    if draw.random() < 0.4:
        part = draw.choice(PARTS)
    else:
        first, end = draw.choice(BLOCKS)
        part = "".join(chr(draw.randrange(first, end)) for _ in range(draw.choice((1, 1, 2, 3, 5))))
    return part + draw.choice(("", "", "", " ", "\t", "\n", "\u2003"))
