"""Numbers in English words and in Chinese signs: two sides that share no character."""

import random

ENGLISH = "zero one two three four five six seven eight nine".split()
CHINESE = "零一二三四五六七八九"


def sentences(count, seed=0):
    """Return `count` pairs."""
    draw = random.Random(seed)
    digits = [[draw.randrange(10) for _ in range(draw.randint(2, 5))] for _ in range(count)]
    return [(" ".join(ENGLISH[one] for one in row), "".join(CHINESE[one] for one in row)) for row in digits]


def write(path, pairs):
    path.write_text("".join(f"{source}\t{target}\n" for source, target in pairs), encoding="utf-8")


def recipe(folder, tokenizer, **changes):
    """Return a tiny recipe on files in `folder`, which are written."""
    for number, (name, count) in enumerate({"train": 307, "valid": 23, "test": 29}.items()):
        write(folder / f"{name}.tsv", sentences(count, number))
    model = {"dim": 16, "tie": "none", "dropout": 0.0}
    for side in ("encoder", "decoder"):
        block = {"attention": {"heads": 2}, "feed_forward": {"hidden_dim": 29}, "dropout": 0.0, "norm_order": "pre"}
        model[side] = {"layers": 1, "block": block}
    files = {"type": "parallel_text", "target": None}
    tree = {
        "extends": "transformer_tiny",
        "model": model,
        "tokenizer": tokenizer,
        "data": {"root": str(folder), "batch_tokens": 512, "max_length": 64}
        | {name: {**files, "source": f"{name}.tsv"} for name in ("train", "valid", "test")},
        "task": {"type": "translation", "search": "greedy", "metrics": ["chrf"], "label_smoothing": 0.0},
        "training": {"epochs": 2, "average_last": 1, "precision": "float32",
                     "schedule": {"type": "warmup_cosine", "peak": 0.02, "warmup": 10}},
    }  # fmt: skip
    for path, value in changes.items():
        *sections, last = path.split(".")
        part = tree
        for section in sections:
            part = part[section]
        part[last] = value
    return tree
