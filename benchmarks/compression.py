"""Bits that held-out text takes: of a language model, and of compressors that have seen the training text.

    keras-transformers train gpt_tiny --run runs/gpt
    python benchmarks/compression.py runs/gpt
    python benchmarks/compression.py                       # the compressors alone, on the text of `gpt_tiny`

A compressor is given the training text first: what counts is by how much the held-out text makes the result longer. A
model's bits are those of the probabilities that it gives, ends of documents included: an arithmetic coder comes within
a few bytes of them.
"""

import argparse
import bz2
import lzma
from pathlib import Path

COMPRESSORS = {
    "xz -9e": lambda text: lzma.compress(text, preset=9 | lzma.PRESET_EXTREME),
    "bzip2 -9": lambda text: bz2.compress(text, 9),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", nargs="?", help="folder of a run of a language model")
    parser.add_argument("--split", nargs="+", default=["valid", "test"], help="held-out text; default %(default)s")
    parser.add_argument("--limit", type=int, help="documents read at most of each part; default: all")
    args = parser.parse_args()
    from keras_transformers.cli.backend import import_keras

    import_keras()
    import keras_transformers as kt
    from keras_transformers.recipe import load

    run = None if args.run is None else kt.load_run(args.run)
    recipe = load("gpt_tiny") if run is None else run.recipe
    limit = {} if args.limit is None else {"limit": args.limit}
    train, *held_out = (text_of(recipe.tree["data"], split, limit) for split in ("train", *args.split))
    rows = {}
    for split, text in zip(args.split, held_out):
        for name, compress in COMPRESSORS.items():
            rows[split, f"{name} alone"] = 8 * len(compress(text)) / len(text)
            longer = len(compress(train + b"\n\n" + text)) - len(compress(train))
            rows[split, f"{name} after the training text"] = 8 * longer / len(text)
        if run is not None:
            said = {f"data.{split}.{name}": value for name, value in limit.items()}
            rows[split, Path(args.run).name] = kt.evaluate(run, split, said)["bits_per_byte"]
    sizes = ", ".join(f"{split} {len(text):,}" for split, text in zip(args.split, held_out))
    print_table(rows, f"bytes of text: train {len(train):,}, {sizes}")


def text_of(data, split, limit):
    """Return the text of a split of a recipe's data, as bytes, a blank line between documents."""
    from keras_transformers.registry.assemble import assemble

    documents = assemble("source", {**data[split], **limit}).read(data["root"])
    return "\n\n".join(documents.running).encode()


def print_table(rows, title):
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title)
    table.add_column("text")
    table.add_column("by")
    table.add_column("bits a byte", justify="right")
    table.add_column("of xz's", justify="right")
    for (split, name), bits in rows.items():
        table.add_row(split, name, f"{bits:.3f}", f"{bits / rows[split, 'xz -9e after the training text']:.3f}")
    Console().print(table)


if __name__ == "__main__":
    main()
