"""Text at random, of the pieces that formats stumble over."""

import random

PIECES = [
    *("08", "1E50", "9e9", "0_8", "+.9", "0x1F", "0o17", "1:30", ".inf", ".nan", "2021-05-03", "-0", "1e", "_1"),
    *("~", "null", "Null", "true", "False", "yes", "No", "on", "=", "<<", "---", "...", "--- |", "!!int", "&a", "*a"),
    *(" ", "  ", "\t", "\n", "\n\n", "\r", "\r\n", "\x85", "\u2028", "\u2029", "\xa0", "\u3000", "\u200b", "\ufeff"),
    *("\0", "\x07", "\x1b", "\x7f", "\x9f", "\xad", "\ue000", "\ufffd", "\ufffe", "\uffff", "\U0010ffff", "\U0010fffe"),
    *("\ud800", "\udbff", "\udc00", "\udce9", "\U0001f600", "\U0001f468\u200d\U0001f469", "e\u0301", "é", "漢"),
    *"-?:,[]{}#&*!|>'\"%@`\\/.+=_~ aEe019x$;<^()",
    *(": ", " #", "- ", "? ", "{x}", "%s", "[red]", "[/]", "\\n", "\\u0041", "\\ud83d\\ude00", "a b", "a: b", "'a'"),
]  # fmt: skip


def random_text(rng):
    """Return a str of pieces at random: mostly short, at times empty or thousands of characters long.

    Halves of a character stand alone in it: two that fit are one character.

    Args:
        rng: A `random.Random`.
    """
    count = rng.choice((0, 1, 1, 1, 2, 2, 3, 5, 11))
    text = "".join(rng.choice(PIECES) if rng.random() < 0.9 else chr(rng.randrange(0x110000)) for _ in range(count))
    text *= 1 if rng.random() < 0.99 else 199
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def random_texts(count, seed=0):
    """Return a list of `count` different texts, the pieces themselves first."""
    rng = random.Random(seed)
    found = dict.fromkeys(PIECES)
    while len(found) < count:
        found[random_text(rng)] = None
    return list(found)[:count]
